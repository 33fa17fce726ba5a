/// Matrices of numbers with twice the digits of binary64, and products that are exact but for a stated rest.
///
/// A number is the unevaluated sum hi + lo of two binary64 numbers, |lo| <= 2^-53 |hi| where it is
/// normalized. Sums and products of such numbers have a relative error below 2^-100 (M. Joldes, J.-M. Muller,
/// V. Popescu, Tight and rigorous error bounds for basic building blocks of double-word arithmetic, ACM TOMS
/// 2017: 3, 5 and 15 units of 2^-106 for sum, product and quotient), as long as nothing overflows or falls
/// below 2^-900. Products of matrices cut rows and columns into slices of few bits, whose binary64 products
/// have no rounding error in whatever order they are summed (K. Ozaki, T. Ogita, S. Oishi, S. M. Rump,
/// Error-free transformations of matrix multiplication, Numerical Algorithms 2012).
#pragma once

#include <cmath>
#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// hi + lo.
struct Twofold {
  double hi = 0, lo = 0;
};

/// Returns a + b exactly (Knuth's TwoSum).
[[nodiscard]] inline Twofold exact_sum(double a, double b) {
  const double sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}
/// Returns a b exactly, but for underflow.
[[nodiscard]] inline Twofold exact_product(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}
[[nodiscard]] inline Twofold operator+(const Twofold& a, const Twofold& b) {
  const Twofold high = exact_sum(a.hi, b.hi), low = exact_sum(a.lo, b.lo);
  const Twofold once = exact_sum(high.hi, high.lo + low.hi);
  return exact_sum(once.hi, once.lo + low.lo);
}
[[nodiscard]] inline Twofold operator-(const Twofold& a) { return {-a.hi, -a.lo}; }
[[nodiscard]] inline Twofold operator-(const Twofold& a, const Twofold& b) { return a + -b; }
[[nodiscard]] inline Twofold operator*(const Twofold& a, const Twofold& b) {
  const Twofold high = exact_product(a.hi, b.hi);
  return exact_sum(high.hi, high.lo + std::fma(a.hi, b.lo, std::fma(a.lo, b.hi, a.lo * b.lo)));
}

/// An upper bound of the relative error of a sum or a product of two such numbers.
inline constexpr double twofold_unit = 0x1p-100;

/// Entry by entry hi + lo.
struct TwofoldMatrix {
  Matrix<double> hi, lo;

  TwofoldMatrix() = default;
  TwofoldMatrix(Index rows, Index columns)
      : hi(Matrix<double>::Zero(rows, columns)), lo(Matrix<double>::Zero(rows, columns)) {}
  /// Takes exactly this matrix.
  explicit TwofoldMatrix(Matrix<double> exact)
      : hi(std::move(exact)), lo(Matrix<double>::Zero(hi.rows(), hi.cols())) {}

  [[nodiscard]] Index rows() const { return hi.rows(); }
  [[nodiscard]] Index cols() const { return hi.cols(); }
  [[nodiscard]] Twofold operator()(Index row, Index column) const {
    return {hi(row, column), lo(row, column)};
  }
  void set(Index row, Index column, const Twofold& x) {
    hi(row, column) = x.hi;
    lo(row, column) = x.lo;
  }
};

/// An operand of a product: its lines (rows of a left operand, columns of a right one) as sums of slices,
/// each of whole numbers of few bits times a power of two that belongs to the line.
class Slices {
 public:
  Slices() = default;
  /// Returns the rows of M, a left operand, or its columns, a right one, cut.
  [[nodiscard]] static Slices of_rows(const TwofoldMatrix& M);
  [[nodiscard]] static Slices of_columns(const TwofoldMatrix& M);

  [[nodiscard]] Index lines() const { return size_.size(); }
  [[nodiscard]] Index depth() const { return depth_; }

  /// Sets the rows first .. first + count - 1 of C to those of A B.
  friend void multiply_rows(const Slices& A, const Slices& B, Index first, Index count, TwofoldMatrix& C);
  /// Bounds the Euclidean norm of the error of each column of A B.
  friend Vector<double> product_error(const Slices& A, const Slices& B);

 private:
  Slices(const TwofoldMatrix& M, bool by_rows);

  Index depth_ = 0;
  std::vector<Matrix<double>> parts_;  ///< of the shape of M
  Vector<double> size_;                ///< a power of two that no entry of the line exceeds
};

void multiply_rows(const Slices& A, const Slices& B, Index first, Index count, TwofoldMatrix& C);
[[nodiscard]] Vector<double> product_error(const Slices& A, const Slices& B);

}  // namespace promptbound

/// Matrices of enclosed numbers at nearly the speed of binary64: a midpoint and a radius for each entry.
///
/// Products use the library's fast binary64 product; its rounding error is bounded a priori, whatever the
/// order of its sums: n products and sums of relative error u = 2^-53 each, with or without fused operations,
/// give |fl(AB) - AB| <= gamma_n |A||B|, gamma_n = n u/(1 - n u)  (Higham, Accuracy and Stability,
/// section 3.5).
#pragma once

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// The set of matrices M with |M - mid| <= rad, entry by entry. An entry of which nothing is known has an
/// infinite radius.
class BallMatrix {
 public:
  /// Takes exactly this matrix.
  explicit BallMatrix(Matrix<double> exact);
  BallMatrix(Matrix<double> mid, Matrix<double> rad);
  /// Returns the smallest balls found around intervals.
  [[nodiscard]] static BallMatrix around(const Matrix<FastInterval>& entries);

  [[nodiscard]] Index rows() const { return mid_.rows(); }
  [[nodiscard]] Index cols() const { return mid_.cols(); }
  [[nodiscard]] const Matrix<double>& mid() const { return mid_; }
  [[nodiscard]] const Matrix<double>& rad() const { return rad_; }
  [[nodiscard]] FastInterval entry(Index row, Index column) const;
  [[nodiscard]] Matrix<FastInterval> entries() const;
  [[nodiscard]] BallMatrix transpose() const { return {mid_.transpose(), rad_.transpose()}; }

 private:
  Matrix<double> mid_, rad_;
};

/// Returns at least gamma_n: what the rounding of sums of n products costs. Throws InputError beyond n =
/// 2^24.
[[nodiscard]] double gamma_bound(Index n);

/// Multiplies; A has at most 2^24 columns.
[[nodiscard]] BallMatrix operator*(const BallMatrix& A, const BallMatrix& B);
/// Returns a D for the diagonal matrix D of these entries: the product above without its terms that are 0.
[[nodiscard]] BallMatrix times_diagonal(const Matrix<double>& A, const Vector<double>& diagonal);
[[nodiscard]] BallMatrix operator-(const BallMatrix& A, const BallMatrix& B);

}  // namespace promptbound

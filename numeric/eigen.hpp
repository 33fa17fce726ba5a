/// Matrices and vectors over our scalars (Eigen).
#pragma once

#include <Eigen/Core>
#include <boost/multiprecision/eigen.hpp>

#include <promptbound/numeric/fast_interval.hpp>
#include <promptbound/numeric/interval.hpp>
#include <promptbound/numeric/types.hpp>

namespace Eigen {

/// What Eigen wants to know of an interval. Only sums and products of intervals are meant to be used:
/// pivoting compares, and intervals have no order.
template <class Interval>
struct IntervalTraits : GenericNumTraits<Interval> {
  using Real = Interval;
  using NonInteger = Interval;
  using Literal = Interval;
  enum {
    IsInteger = 0,
    IsSigned = 1,
    IsComplex = 0,
    RequireInitialization = 1,
    ReadCost = 4,
    AddCost = 16,
    MulCost = 32
  };
  static int digits10() { return 0; }
};
template <>
struct NumTraits<promptbound::Interval> : IntervalTraits<promptbound::Interval> {};
template <>
struct NumTraits<promptbound::FastInterval> : IntervalTraits<promptbound::FastInterval> {};

}  // namespace Eigen

namespace promptbound {

using Index = Eigen::Index;
template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <class Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

/// Tells whether x y = 0 without computing it, only where that is exact: most weights of the constructions
/// are zero.
template <class Scalar>
[[nodiscard]] bool is_zero_product(const Scalar&, const Scalar&) {
  return false;
}
inline bool is_zero_product(const Rational& x, const Rational& y) { return x == 0 || y == 0; }
inline bool is_zero_product(const FastInterval& x, const FastInterval& y) {
  return x.lower() == 0 && x.upper() == 0 && y.is_finite();
}

/// Multiplies A B. Every scalar but binary64 sums in the order of the columns of A, so that results in two
/// precisions are comparable.
template <class Scalar>
[[nodiscard]] Matrix<Scalar> multiply(const Matrix<Scalar>& A, const Matrix<Scalar>& B) {
  if constexpr (std::is_same_v<Scalar, double>) {
    return A * B;
  } else {
    Matrix<Scalar> result = Matrix<Scalar>::Zero(A.rows(), B.cols());
    for (Index column = 0; column < B.cols(); ++column) {
      for (Index k = 0; k < A.cols(); ++k) {
        const Scalar& factor = B(k, column);
        for (Index row = 0; row < A.rows(); ++row) {
          if (!is_zero_product(A(row, k), factor)) result(row, column) += A(row, k) * factor;
        }
      }
    }
    return result;
  }
}

}  // namespace promptbound

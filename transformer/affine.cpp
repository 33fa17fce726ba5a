#include <promptbound/numeric/matrices/fixed_point_product.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/affine.hpp>

namespace promptbound {
namespace {

/// sum += w x.
template <class Scalar>
void add_product(Scalar& sum, double w, const Scalar& x, Scalar& term) {
  term = Scalar(w);
  if (!is_zero_product(term, x)) sum += term *= x;
}

}  // namespace

template <class Scalar>
requires(!std::is_same_v<Scalar, double>) Matrix<Scalar> multiply(const Matrix<double>& W,
                                                                  const Matrix<Scalar>& X) {
  if constexpr (std::is_same_v<Scalar, Interval>) {
    return fixed_point_product(W, X);
  } else {
    Matrix<Scalar> result(W.rows(), X.cols());
    Scalar term;
    for (Index token = 0; token < X.cols(); ++token) {
      for (Index row = 0; row < W.rows(); ++row) {
        Scalar sum(0);
        for (Index k = 0; k < W.cols(); ++k) add_product(sum, W(row, k), X(k, token), term);
        result(row, token) = std::move(sum);
      }
    }
    return result;
  }
}

template <class Scalar>
void add_to_each(Sequence<Scalar>& X, const Vector<double>& b) {
  for (Index token = 0; token < X.cols(); ++token) {
    for (Index row = 0; row < X.rows(); ++row) X(row, token) += Scalar(b(row));
  }
}

template Matrix<FastInterval> multiply(const Matrix<double>&, const Matrix<FastInterval>&);
template Matrix<Interval> multiply(const Matrix<double>&, const Matrix<Interval>&);
template Matrix<Real> multiply(const Matrix<double>&, const Matrix<Real>&);
template Matrix<Rational> multiply(const Matrix<double>&, const Matrix<Rational>&);

#define PROMPTBOUND_INSTANTIATE(Scalar) template void add_to_each(Sequence<Scalar>&, const Vector<double>&);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound

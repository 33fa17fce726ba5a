#include <promptbound/numeric/elementary.hpp>
#include <promptbound/transformer/norm.hpp>

namespace promptbound {

template <class Scalar>
Scalar squared_norm(const Sequence<Scalar>& X, Index token) {
  Scalar sum(0);
  for (const Scalar& x : X.col(token)) sum += squared(x);
  return sum;
}

template <class Scalar>
Sequence<Scalar> normalized(const NormWeights& norm, Sequence<Scalar> X) {
  const Scalar width = from_rational<Scalar>(Rational(X.rows()));
  const Scalar epsilon = from_rational<Scalar>(norm.epsilon);
  for (Index token = 0; token < X.cols(); ++token) {
    if (norm.kind == NormKind::layer) {
      Scalar sum(0);
      for (const Scalar& x : X.col(token)) sum += x;
      const Scalar mean = sum / width;
      for (Scalar& x : X.col(token)) x -= mean;
    }
    const Scalar root = square_root<Scalar>(squared_norm(X, token) / width + epsilon);
    for (Index row = 0; row < X.rows(); ++row) {
      Scalar& x = X(row, token);
      x = Scalar(norm.gain(row)) * (x / root) + Scalar(norm.bias(row));
    }
  }
  return X;
}

#define PROMPTBOUND_INSTANTIATE(Scalar)                         \
  template Scalar squared_norm(const Sequence<Scalar>&, Index); \
  template Sequence<Scalar> normalized(const NormWeights&, Sequence<Scalar>);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound

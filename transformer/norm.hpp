/// Norms of tokens: LayerNorm and RMSNorm, for every scalar.
#pragma once

#include <promptbound/transformer/sequence.hpp>

namespace promptbound {

enum class NormKind {
  layer,  ///< gain * (x - mean)/sqrt(variance + epsilon) + bias, the variance being the mean of (x - mean)^2
  rms     ///< gain * x/sqrt(mean of x^2 + epsilon) + bias
};

/// A norm's weights, as exact numbers.
struct NormWeights {
  NormKind kind = NormKind::layer;
  Rational epsilon;  ///< > 0, added under the root
  Vector<double> gain, bias;
};

/// Returns the norm of every token. Exact in rationals where what stands under each root is the square of a
/// rational, InputError otherwise.
template <class Scalar>
[[nodiscard]] Sequence<Scalar> normalized(const NormWeights& norm, Sequence<Scalar> X);

/// Returns ||x||^2 of the token.
template <class Scalar>
[[nodiscard]] Scalar squared_norm(const Sequence<Scalar>& X, Index token);

}  // namespace promptbound

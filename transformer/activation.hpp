/// Activation functions of feed-forward blocks, for every scalar, and their Lipschitz constants.
///
/// Each is x times a factor in [0, 1], so |f(x)| <= |x|. The functions are the real ones, without rounding:
///   gelu: x Phi(x);  its tanh form: x sigma(2 sqrt(2/pi) (x + 0.044715 x^3)), in gelu_fast with the decimal
///   0.7978845608 for sqrt(2/pi);  silu: x sigma(x).
#pragma once

#include <optional>
#include <string_view>

#include <promptbound/numeric/scalar.hpp>

namespace promptbound {

enum class Activation {
  relu,
  gelu,
  gelu_tanh,  ///< gelu_new, gelu_pytorch_tanh: with sqrt(2/pi)
  gelu_fast,  ///< the same with 0.7978845608, as it was published
  silu
};

[[nodiscard]] std::string_view name(Activation activation);

/// Returns 1/(1 + e^-x).
[[nodiscard]] Interval sigmoid(const Interval& x);
/// Returns Phi(x), the distribution function of the standard normal law.
[[nodiscard]] Interval normal_distribution(const Interval& x);

/// Returns f(x). Rationals are exact for relu and at 0, and throw InputError elsewhere.
template <class Scalar>
[[nodiscard]] Scalar activate(Activation activation, const Scalar& x);

/// Encloses f' on an interval; for relu also what lies between its two slopes.
[[nodiscard]] Interval slope(Activation activation, const Interval& x);

/// Bounds from above |f''|; relu has none. gelu 0.81 (f'' = phi(x)(2 - x^2), largest at 0: 2/sqrt(2 pi) =
/// 0.79788...); its tanh forms 0.81 (largest at 0 too, by the same value, enclosed by the tests); silu 1/2
/// (f'' = sigma'(x) (2 - x tanh(x/2)), sigma' <= 1/4 and |x| sigma'(x) <= 1/2).
[[nodiscard]] std::optional<Rational> slope_lipschitz_constant(Activation activation);

/// Bounds from above |f'|: relu 1; gelu 1.13 (f'' = phi(x)(2 - x^2), so f' is largest at sqrt 2:
/// Phi(sqrt 2) + e^-1/sqrt(pi) = 1.12890...); tanh forms 1.13 and silu 1.1 (largest values 1.12900... and
/// 1.09984..., enclosed by the tests).
[[nodiscard]] Rational lipschitz_constant(Activation activation);

}  // namespace promptbound

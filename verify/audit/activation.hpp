/// Activation functions of trained models, enclosed, and their Lipschitz constants.
///
/// Each is x times a factor in [0, 1], so |f(x)| <= |x|. The functions are the real ones, without rounding:
///   gelu: x Phi(x);  its tanh form: x sigma(2 sqrt(2/pi) (x + 0.044715 x^3)), in gelu_fast with the decimal
///   0.7978845608 for sqrt(2/pi);  silu: x sigma(x).
#pragma once

#include <promptbound/models/model_config.hpp>
#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// 1/(1 + e^-x).
[[nodiscard]] Interval sigmoid(const Interval& x);
/// Phi(x), the distribution function of the standard normal law.
[[nodiscard]] Interval normal_distribution(const Interval& x);

[[nodiscard]] Interval activate(Activation activation, const Interval& x);

/// An upper bound on |f'|: relu 1; gelu 1.13 (f'' = phi(x)(2 - x^2), so f' is largest at sqrt 2:
/// Phi(sqrt 2) + e^-1/sqrt(pi) = 1.12890...); tanh forms 1.13 and silu 1.1 (largest values 1.12900... and
/// 1.09984..., enclosed by the tests).
[[nodiscard]] Rational lipschitz_constant(Activation activation);

}  // namespace promptbound

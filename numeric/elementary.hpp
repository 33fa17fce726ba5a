/// Functions of one number for every scalar, beside the exponential (scalar.hpp).
///
/// Intervals are enclosed. Rationals are exact where the value is known to be rational and throw InputError
/// elsewhere. binary64 and Real are not certified.
#pragma once

#include <promptbound/numeric/scalar.hpp>

namespace promptbound {

/// Returns sqrt(x). Rationals: the squares of rationals; example: sqrt(4/9) = 2/3.
template <class Scalar>
[[nodiscard]] Scalar square_root(const Scalar& x);

/// Returns x^2, never below 0 for intervals of either sign.
template <class Scalar>
[[nodiscard]] Scalar squared(const Scalar& x);

/// Returns base^exponent for base > 0. Rationals: where the power is rational; example: 100^(-1/2) = 1/10.
template <class Scalar>
[[nodiscard]] Scalar real_power(const Rational& base, const Rational& exponent);

/// sin x and cos x. Rationals: x = 0 only.
template <class Scalar>
struct SineCosine {
  Scalar sine, cosine;
};
template <class Scalar>
[[nodiscard]] SineCosine<Scalar> sine_cosine(const Scalar& x);

}  // namespace promptbound

/// One definition, many scalars: what generic code may do with a scalar beside +, -, *, /.
///
/// The scalars are double (fast, uncertified), FastInterval and Interval (certified), Real (precise,
/// uncertified) and Rational (exact, where no exponential of a number other than 0 is met).
#pragma once

#include <cmath>
#include <string_view>

#include <promptbound/numeric/eigen.hpp>

/// Expands MACRO(Scalar) for every scalar: explicit instantiation in one place each.
#define PROMPTBOUND_FOR_EACH_SCALAR(MACRO) \
  MACRO(double)                            \
  MACRO(promptbound::FastInterval)         \
  MACRO(promptbound::Interval)             \
  MACRO(promptbound::Real)                 \
  MACRO(promptbound::Rational)

namespace promptbound {

/// Is every result an enclosure of the exact one?
template <class Scalar>
inline constexpr bool is_interval = std::is_same_v<Scalar, FastInterval> || std::is_same_v<Scalar, Interval>;

/// Names the scalar: `binary64`, `fast interval`, `interval`, `mpfr`, `rational`.
template <class Scalar>
[[nodiscard]] std::string_view scalar_name();

/// Returns the scalar for an exact number: the enclosure of it, or the nearest value of the (working)
/// precision.
template <class Scalar>
[[nodiscard]] Scalar from_rational(const Rational& value);

/// Returns e^x; for rationals throws InputError unless x = 0 (Lindemann: e^x is irrational for every other).
template <class Scalar>
[[nodiscard]] Scalar exponential(const Scalar& x);

// Every scalar has its own of these, in scalar.cpp.
#define PROMPTBOUND_SPECIALIZED(Scalar)   \
  template <>                             \
  std::string_view scalar_name<Scalar>(); \
  template <>                             \
  Scalar from_rational<Scalar>(const Rational& value);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_SPECIALIZED)
#undef PROMPTBOUND_SPECIALIZED
template <>
Rational exponential(const Rational& x);

/// Returns max(a, b) and relu(x) = max(x, 0).
template <class Scalar>
[[nodiscard]] Scalar maximum(const Scalar& a, const Scalar& b) {
  if constexpr (is_interval<Scalar>) {
    return max(a, b);
  } else {
    return a < b ? b : a;
  }
}
template <class Scalar>
[[nodiscard]] Scalar relu(const Scalar& x) {
  return maximum(x, Scalar(0));
}

/// Does from_rational entrywise.
template <class Scalar>
[[nodiscard]] Matrix<Scalar> from_rational(const Matrix<Rational>& values) {
  return values.unaryExpr([](const Rational& value) { return from_rational<Scalar>(value); });
}
template <class Scalar>
[[nodiscard]] Vector<Scalar> from_rational(const Vector<Rational>& values) {
  return values.unaryExpr([](const Rational& value) { return from_rational<Scalar>(value); });
}

}  // namespace promptbound

/// Quotients of logarithms of rationals, rounded exactly.
#pragma once

#include <promptbound/numeric/interval.hpp>
#include <promptbound/numeric/quantity.hpp>

namespace promptbound {

/// The number  (top_factor ln top)/(bottom_factor ln bottom), top >= 1, bottom > 1, factors >= 1.
struct LogRatio {
  Integer top_factor;
  Rational top;
  Integer bottom_factor;
  Rational bottom;

  [[nodiscard]] Interval value() const;
  /// Tells whether it is exactly this integer: top^top_factor = bottom^(bottom_factor N), decided
  /// algebraically.
  [[nodiscard]] bool equals(const Integer& candidate) const;
};

/// Returns the number rounded down; it must have at most longest_exact_integer digits.
[[nodiscard]] Integer floor(const LogRatio& x);
/// Returns the number rounded up: an integer, or its magnitude when it has more than longest_exact_integer
/// digits.
[[nodiscard]] Quantity ceil_quantity(const LogRatio& x, long digits);
/// Does the same, when `enclosed` is quantity(x, digits): often that decides.
[[nodiscard]] Quantity ceil_quantity(const LogRatio& x, const Quantity& enclosed, long digits);
/// Returns the integer where it is one, an enclosure to `digits` digits otherwise.
[[nodiscard]] Quantity quantity(const LogRatio& x, long digits);

}  // namespace promptbound

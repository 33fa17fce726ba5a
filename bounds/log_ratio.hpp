/// Quotients of logarithms of rationals, rounded exactly.
#pragma once

#include <promptbound/numeric/interval.hpp>
#include <promptbound/numeric/quantity.hpp>

namespace promptbound {

/// The number  (top_factor ln top)/(bottom_factor ln bottom), top > 0, bottom > 1, factors >= 1.
struct LogRatio {
  Integer top_factor;
  Rational top;
  Integer bottom_factor;
  Rational bottom;

  [[nodiscard]] Interval value() const;
  /// Is it exactly this integer? top^top_factor = bottom^(bottom_factor N), decided algebraically.
  [[nodiscard]] bool equals(const Integer& candidate) const;
};

[[nodiscard]] Integer floor(const LogRatio& x);
[[nodiscard]] Integer ceil(const LogRatio& x);
/// ceil(x), when `enclosed` is quantity(x, digits).
[[nodiscard]] Integer ceil(const LogRatio& x, const Quantity& enclosed);
/// The integer where it is one, an enclosure to `digits` digits otherwise.
[[nodiscard]] Quantity quantity(const LogRatio& x, long digits);

}  // namespace promptbound

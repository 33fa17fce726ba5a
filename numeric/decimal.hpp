/// Outward-rounded decimal text.
#pragma once

#include <string>

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

enum class Direction { down, up };

/// Returns x with `digits` significant digits, rounded in the direction given: never above (below) x when
/// rounding down (up). Trailing zeros are dropped; scientific notation (`1.5e-7`) outside 1e-5 .. 1e21.
[[nodiscard]] std::string decimal(const Rational& x, long digits, Direction direction);

/// Returns the number that decimal() writes.
[[nodiscard]] Rational rounded(const Rational& x, long digits, Direction direction);

/// Returns the lower (upper) end of x rounded down (up); `-inf`, `inf` or `nan` when it is not finite.
[[nodiscard]] std::string lower_decimal(const Interval& x, long digits);
[[nodiscard]] std::string upper_decimal(const Interval& x, long digits);

/// Writes 10^x in decimal for an enclosed logarithm x, rounded in the direction given, with at most as many
/// digits as x supports. Empty when x is so large that its integer part is not determined.
[[nodiscard]] std::string power_of_ten_decimal(const Interval& log10, long digits, Direction direction);

}  // namespace promptbound

/// Automatic working precision: raise it until an enclosure is tight or an integer is decided.
#pragma once

#include <functional>
#include <stdexcept>

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// Neither more bits nor an algebraic argument decided: the caller's answer is "unknown".
class Undecided : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Computes an enclosure at the working precision in force.
using Enclosing = std::function<Interval()>;

/// Evaluates `value` at rising precision until upper - lower <= 10^-digits * |value|, digits >= 1.
/// Throws Undecided when 2^18 bits are not enough (the value is 0 without being a point, or undefined).
[[nodiscard]] Interval enclose(long digits, const Enclosing& value);

/// Tells whether the enclosed real number is exactly the integer given; called only for candidates that the
/// enclosure cannot separate from it. It must be right: precision alone can never decide equality.
using EqualsInteger = std::function<bool(const Integer&)>;

/// The exact floor or ceiling of an enclosed real number, which must be small enough to be written out.
/// Throws Undecided when 2^20 bits do not decide.
[[nodiscard]] Integer decide_floor(const Enclosing& value, const EqualsInteger& equals);
[[nodiscard]] Integer decide_ceil(const Enclosing& value, const EqualsInteger& equals);
/// The same, when `known` already encloses the value: often that decides.
[[nodiscard]] Integer decide_ceil(const Interval& known, const Enclosing& value, const EqualsInteger& equals);

/// The sign of the enclosed real number minus the integer given, decided exactly by other means than `value`;
/// called only for a candidate that the enclosure cannot separate from it.
using CompareWithInteger = std::function<int(const Integer&)>;

/// The same, where a comparison with the one integer in question decides at once.
[[nodiscard]] Integer decide_floor_comparing(const Enclosing& value, const CompareWithInteger& compare);
[[nodiscard]] Integer decide_ceil_comparing(const Enclosing& value, const CompareWithInteger& compare);

/// The sign of the enclosed real number, which is not 0: evaluated at rising precision. Throws Undecided when
/// 2^20 bits do not decide.
[[nodiscard]] int decide_sign(const Enclosing& value);

/// Is x < y? Decided from enclosures at rising precision; `equal` says whether x = y exactly.
[[nodiscard]] bool decide_less(const Enclosing& x, const Enclosing& y, const std::function<bool()>& equal);

}  // namespace promptbound

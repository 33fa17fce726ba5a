/// A reported number: exact where possible, otherwise enclosed, otherwise its logarithm enclosed.
#pragma once

#include <string>
#include <variant>

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// A number too large to write out: 10^log10.
struct Magnitude {
  Interval log10;
};

/// A number whose logarithm is too large to write out: 10^(10^log10_log10).
struct PowerTower {
  Interval log10_log10;
};

/// The value of one output of a bound or check. Text stands for answers that are no numbers ("none").
class Quantity {
 public:
  using Value = std::variant<Integer, Rational, Interval, Magnitude, PowerTower, std::string>;

  Quantity(Integer value) : value_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Quantity(Rational value) : value_(std::move(value)) {}     // NOLINT(google-explicit-constructor)
  Quantity(Interval value) : value_(std::move(value)) {}     // NOLINT(google-explicit-constructor)
  Quantity(Magnitude value) : value_(std::move(value)) {}    // NOLINT(google-explicit-constructor)
  Quantity(PowerTower value) : value_(std::move(value)) {}   // NOLINT(google-explicit-constructor)
  Quantity(std::string value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const Value& value() const { return value_; }

  /// Returns the exact text (`20`, `784/9`), empty when the number is only enclosed.
  [[nodiscard]] std::string exact() const;
  /// Returns the decimal ends with `digits` significant digits, outward rounded; an integer is written out in
  /// full. Empty for text, for a power tower, for an end that is infinite or not known, and for a magnitude
  /// beyond what power_of_ten_decimal can write: no renderer prints the word for infinity as a number.
  [[nodiscard]] std::string lower(long digits) const;
  [[nodiscard]] std::string upper(long digits) const;
  /// Encloses the quantity at the working precision; not for text. A magnitude gives 10^log10.
  [[nodiscard]] Interval enclosure() const;
  /// Encloses the decimal logarithm of a positive number, at the working precision; not for text.
  [[nodiscard]] Interval log10() const;

 private:
  Value value_;
};

/// Tells whether x <= y for numbers of any size, from exact values or from enclosures at the working
/// precision; an enclosure that does not decide gives false, as does text.
[[nodiscard]] bool certainly_less_equal(const Quantity& x, const Quantity& y);

/// Integers of more digits are reported as magnitudes.
inline constexpr unsigned long longest_exact_integer = 100000;

}  // namespace promptbound

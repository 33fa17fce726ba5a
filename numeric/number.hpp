/// Numbers as users write them: exact rationals and infinity.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <promptbound/numeric/types.hpp>

namespace promptbound {

/// An exact rational number or +infinity.
struct Number {
  Rational value;  ///< meaningless when infinite
  bool infinite = false;

  Number() = default;
  Number(Rational exact) : value(std::move(exact)) {}  // NOLINT(google-explicit-constructor)
  static Number infinity();

  friend bool operator==(const Number& a, const Number& b) {
    return a.infinite == b.infinite && (a.infinite || a.value == b.value);
  }
};

/// Reads `12`, `-3`, `1/10`, `0.1`, `1e-3`, `2.5e3` or `inf`, exactly. Nothing else is accepted: no blanks,
/// no NaN, no hexadecimal. Decimal exponents are limited to 100,000 in size and texts to 200,000 characters,
/// so that no short text asks for unbounded memory. Returns nothing when the text is not a number.
[[nodiscard]] std::optional<Number> parse_number(std::string_view text);

/// Does what parse_number does for finite values; throws InputError naming `what` otherwise.
[[nodiscard]] Rational parse_rational(std::string_view text, std::string_view what);

/// Writes the exact text that parse_number reads back: `3`, `1/10`, `inf`.
[[nodiscard]] std::string exact_text(const Number& number);

}  // namespace promptbound

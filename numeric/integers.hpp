/// Exact integer functions: rounding, roots, powers, binomials, and when a real expression is rational.
#pragma once

#include <optional>

#include <promptbound/numeric/types.hpp>

namespace promptbound {

[[nodiscard]] Integer floor(const Rational& x);
[[nodiscard]] Integer ceil(const Rational& x);
/// Tells whether x is a whole number.
[[nodiscard]] bool is_integer(const Rational& x);

/// Returns x^n, exactly.
[[nodiscard]] Integer power(const Integer& x, unsigned long n);
[[nodiscard]] Rational power(const Rational& x, unsigned long n);

/// Bounds the number of decimal digits of |x| from above, at most one too large.
[[nodiscard]] std::size_t decimal_digits(const Integer& x);

/// Counts the bits of |x|; of numerator or denominator, whichever has more: |log2 x| <= bit_size(x) for x >
/// 0.
[[nodiscard]] unsigned long bit_size(const Integer& x);
[[nodiscard]] unsigned long bit_size(const Rational& x);

/// Returns the non-negative n-th root of x >= 0 where it is rational, nothing where it is irrational; n >= 1.
[[nodiscard]] std::optional<Integer> exact_root(const Integer& x, unsigned long n);
[[nodiscard]] std::optional<Rational> exact_root(const Rational& x, unsigned long n);

/// Returns floor(x^(1/n)) for x >= 0, n >= 1.
[[nodiscard]] Integer floor_root(const Integer& x, unsigned long n);

/// Returns x^q where that is rational, nothing where it is irrational; x > 0. Nothing as well when the result
/// would have more than `max_bits` bits.
[[nodiscard]] std::optional<Rational> exact_power(const Rational& x, const Rational& q,
                                                  unsigned long max_bits);

/// Returns binom(n, k), exactly; 0 when k > n.
[[nodiscard]] Integer binomial(const Integer& n, unsigned long k);

/// Does x^i = y^j hold, for x, y > 0 and i, j >= 1? Decided exactly and in time polynomial in the sizes of
/// i and j: with i/j in lowest terms the equation forces i <= log2 of y's size, so large exponents cannot
/// hold.
[[nodiscard]] bool equal_powers(const Rational& x, const Integer& i, const Rational& y, const Integer& j);

}  // namespace promptbound

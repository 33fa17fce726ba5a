/// Positive numbers of the form product of base^exponent, whatever their size.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/quantity.hpp>

namespace promptbound {

/// The positive real number  prod_i base_i^{e_i} * root_base^{root_exponent}  with rational bases > 0,
/// integer exponents e_i and one rational exponent. This is the shape of L (2 C n^{1/alpha} / eps)^n and its
/// relatives: kept unevaluated it can be compared, rounded and printed when it has a hundred million digits.
/// A whole number of more than longest_exact_integer digits that was rounded from such a number takes the
/// same shape: its logarithm is enclosed, and nothing else is known of it.
class PowerProduct {
 public:
  /// Makes the number 1.
  PowerProduct() = default;
  /// Multiplies by base^exponent.
  PowerProduct& times(const Rational& base, const Integer& exponent = 1);
  /// Multiplies by base^exponent, irrational in general; at most one such factor.
  PowerProduct& times_root(const Rational& base, const Rational& exponent);
  /// Returns base x and x^exponent, exponent >= 0, as new numbers.
  [[nodiscard]] PowerProduct multiplied(const Rational& base) const {
    return PowerProduct(*this).times(base);
  }
  [[nodiscard]] PowerProduct raised(const Integer& exponent) const;
  /// Returns a whole number of [x, x + 1], or any number that close to x in its logarithm; x > 1 has more
  /// than longest_exact_integer digits.
  [[nodiscard]] PowerProduct rounded_beyond_writing() const;

  /// Encloses ln x, and x, at the working precision.
  [[nodiscard]] Interval log() const;
  [[nodiscard]] Interval value() const;
  /// Returns the exact value where it is rational and has at most about longest_exact_integer digits.
  [[nodiscard]] std::optional<Rational> exact() const;
  /// Tells whether x has certainly at most longest_exact_integer digits before (and 1/x after) the point.
  [[nodiscard]] bool is_writable() const;

  friend int compare(const PowerProduct& x, const Integer& candidate);
  friend Integer floor(const PowerProduct& x);
  friend Integer ceil(const PowerProduct& x);
  friend Quantity quantity(const PowerProduct& x, long digits);

 private:
  struct Factor {
    Rational base;
    Integer exponent;
  };
  /// x = (top/bottom)^{1/order}, not in lowest terms
  struct RootForm {
    Integer top, bottom;
    unsigned long order;
  };
  /// Returns the root form of a number of a few machine words: floors and ceilings are then integer roots,
  /// without any enclosure. Nothing where it has more.
  [[nodiscard]] std::optional<RootForm> root_form() const;
  /// Returns At least |log2 x^order|, order the denominator of the root's exponent; nothing where it is far
  /// beyond what is written out.
  [[nodiscard]] std::optional<unsigned long> bits_of_root_form() const;
  /// Returns the product of the factors but for the root; nothing when it would have more than about a
  /// million bits.
  [[nodiscard]] std::optional<Rational> rational_part() const;

  std::vector<Factor> factors_;
  Rational root_base_ = 1;
  Rational root_exponent_ = 0;
  /// The logarithm lies within slack_ times negligible() above that of the product; not writable if > 0.
  Integer slack_ = 0;
};

/// Returns the sign of x - candidate, decided exactly: where logarithms do not separate the two, equality is
/// decided algebraically. Throws Undecided where the limit of the precision does not separate what is not
/// equal.
[[nodiscard]] int compare(const PowerProduct& x, const Integer& candidate);

/// Returns floor(x) and ceil(x), decided exactly; x must be writable.
[[nodiscard]] Integer floor(const PowerProduct& x);
[[nodiscard]] Integer ceil(const PowerProduct& x);

/// Returns the whole numbers floor(x) + 1 and ceil(x), at any size: exact where x is writable.
[[nodiscard]] PowerProduct least_above(const PowerProduct& x);
[[nodiscard]] PowerProduct rounded_up(const PowerProduct& x);

/// Returns x as a quantity: exact where rational, enclosed to `digits` digits, or by its enclosed logarithm
/// when huge.
[[nodiscard]] Quantity quantity(const PowerProduct& x, long digits);
/// Returns ceil(x) as a quantity. For huge x the enclosure of log10 covers the rounding.
[[nodiscard]] Quantity ceil_quantity(const PowerProduct& x, long digits);
/// Returns a whole number as a quantity: by its enclosed logarithm when it has more than
/// longest_exact_integer digits.
[[nodiscard]] Quantity whole_quantity(const Integer& x, long digits);

/// Returns 2^-150000 = 10^-45154: far above what rounding to a whole number changes in the logarithm of a
/// number of more than 100,000 digits, and far below every precision that may be asked for.
[[nodiscard]] Interval negligible();

/// A number rounded down, and whether it is whole.
struct WholePart {
  unsigned long floor;
  bool is_whole;
};

/// Returns x/y n^{1/alpha} rounded down by machine words alone, x >= 0, y > 0: for alpha 1, 2 and infinite,
/// where the numerator of x times the denominator of y, the denominator of x times the numerator of y, and n
/// have at most 40 bits each; nothing otherwise.
[[nodiscard]] std::optional<WholePart> whole_part_in_words(const Rational& x, const Rational& y,
                                                           const Integer& n, const Number& alpha);

/// Returns factor base^exponent, whole numbers >= 1, as a quantity.
[[nodiscard]] Quantity power_quantity(const Integer& base, const Integer& exponent, const Integer& factor,
                                      long digits);

/// Returns 1/alpha for an exponent alpha in [1, inf]; 0 for alpha = inf.
[[nodiscard]] Rational reciprocal(const Number& alpha);

/// Returns the least number k of grid cells per coordinate with C n^{1/alpha}/(2 k) < eps, that is
/// k = floor(C n^{1/alpha}/(2 eps)) + 1 (theory 1.4), at any size. C >= 0, eps > 0, n >= 1, alpha in [1,
/// inf].
[[nodiscard]] PowerProduct least_cells(const Rational& C, const Integer& n, const Number& alpha,
                                       const Rational& eps);
/// Does the same where it has at most longest_exact_integer digits. Throws Undecided beyond.
[[nodiscard]] Integer least_grid(const Rational& C, const Integer& n, const Number& alpha,
                                 const Rational& eps);

}  // namespace promptbound

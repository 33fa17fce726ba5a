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
class PowerProduct {
 public:
  /// The number 1.
  PowerProduct() = default;
  /// Multiplies by base^exponent.
  PowerProduct& times(const Rational& base, const Integer& exponent = 1);
  /// Multiplies by base^exponent, irrational in general; at most one such factor.
  PowerProduct& times_root(const Rational& base, const Rational& exponent);

  /// Enclosures of ln x and of x at the working precision.
  [[nodiscard]] Interval log() const;
  [[nodiscard]] Interval value() const;
  /// The exact value where it is rational and has at most about longest_exact_integer digits.
  [[nodiscard]] std::optional<Rational> exact() const;
  /// True when x has certainly at most longest_exact_integer digits before (and 1/x after) the point.
  [[nodiscard]] bool is_writable() const;

 private:
  struct Factor {
    Rational base;
    Integer exponent;
  };
  std::vector<Factor> factors_;
  Rational root_base_ = 1;
  Rational root_exponent_ = 0;
};

/// floor(x) and ceil(x), decided exactly; x must be writable.
[[nodiscard]] Integer floor(const PowerProduct& x);
[[nodiscard]] Integer ceil(const PowerProduct& x);

/// x as a quantity: exact where rational, enclosed to `digits` digits, or by its enclosed logarithm when
/// huge.
[[nodiscard]] Quantity quantity(const PowerProduct& x, long digits);
/// ceil(x) as a quantity. For huge x the enclosure of log10 covers the rounding.
[[nodiscard]] Quantity ceil_quantity(const PowerProduct& x, long digits);

/// 1/alpha for an exponent alpha in [1, inf]; 0 for alpha = inf.
[[nodiscard]] Rational reciprocal(const Number& alpha);

/// The least number k of grid cells per coordinate with C n^{1/alpha}/(2 k) < eps, that is
/// k = floor(C n^{1/alpha}/(2 eps)) + 1 (theory 1.4). C >= 0, eps > 0, n >= 1, alpha in [1, inf].
[[nodiscard]] Integer least_grid(const Rational& C, const Integer& n, const Number& alpha,
                                 const Rational& eps);

}  // namespace promptbound

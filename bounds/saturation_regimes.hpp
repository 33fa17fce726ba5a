/// The three counts of theory 2.6 as functions of the prompt length.
#pragma once

#include <optional>

#include <promptbound/numeric/power_product.hpp>

namespace promptbound {

class SaturationRegimes {
 public:
  /// Takes linear_base: 1 + R/rho; covering_base: 1 + 2R/rho; plateau_base: 1 + 8R/eta; step_ratio: 2R/eta;
  /// w: token width.
  SaturationRegimes(Rational linear_base, Integer w, const Rational& covering_base,
                    const Rational& plateau_base, Rational step_ratio);

  /// Returns ln((1 + R/rho)^{w m}).
  [[nodiscard]] Interval log_linear(const Integer& m) const;
  /// Returns ln binom(c + m - 1, m), at the working precision.
  [[nodiscard]] Interval log_multisets(const Integer& m) const;
  /// Returns ln binom(q + c' - 1, c' - 1).
  [[nodiscard]] Interval log_plateau() const;

  [[nodiscard]] Quantity covering(long digits) const;
  [[nodiscard]] Quantity plateau_covering(long digits) const;
  [[nodiscard]] Quantity plateau_steps(long digits) const;
  [[nodiscard]] Quantity plateau_quantity(long digits) const;

  /// Returns the least m >= 1 at which the multiset bound is below the linear one, and at which the plateau
  /// is below both: exact when it has at most `digits` digits, else enclosed. Text that says why there is no
  /// number, where c or c' has more than longest_exact_integer digits, or no m is the least.
  [[nodiscard]] Quantity multiset_takes_over(long digits) const;
  [[nodiscard]] Quantity plateau_takes_over(long digits) const;

 private:
  /// floor(base^w), exactly or by its logarithm.
  struct Covering {
    PowerProduct power;
    std::optional<Integer> exact;
  };
  static Covering covering_of(const Rational& base, const Integer& w);

  // The three counts themselves, where they are short enough to be compared in full.
  [[nodiscard]] std::optional<Rational> linear_count(const Integer& m) const;
  [[nodiscard]] std::optional<Rational> multiset_count(const Integer& m) const;
  [[nodiscard]] std::optional<Rational> plateau_count() const;

  /// Tells whether the multiset and the plateau count are the same binomial coefficient.
  [[nodiscard]] bool is_plateau_multiset(const Integer& m) const;
  [[nodiscard]] bool is_multiset_below_linear(const Integer& m) const;
  [[nodiscard]] bool is_plateau_least(const Integer& m) const;

  Rational linear_base_;
  Integer w_;
  Rational step_ratio_;
  Covering c_;
  Covering c_plateau_;
};

}  // namespace promptbound

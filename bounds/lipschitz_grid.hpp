/// Theory 1.3 at every grid number, and the grid number that is best.
#pragma once

#include <optional>

#include <promptbound/bounds/packing.hpp>

namespace promptbound {

/// What 1.3 is applied to: functions, and prompts of a Lipschitz model.
struct LipschitzPacking {
  Packing functions;  ///< its eps is meaningless backwards
  Rational R;
  Rational Lambda;
  Integer w;
  bool is_box = false;  ///< entries in [-R, R] and max norms, instead of Euclidean norms of tokens

  explicit LipschitzPacking(const Arguments& arguments, const Rational& eps);

  /// Returns R/rho_k, rho_k = (h_k - 2 eps)/(2 Lambda), for k < C/(2 eps).
  [[nodiscard]] Rational ratio(const Integer& k) const;
  /// Returns 1 + R/rho_k, in the box form floor(R/rho_k) + 1: prompts of one token's entry that are told
  /// apart.
  [[nodiscard]] Rational base(const Integer& k) const;

  /// Returns the k < C/(2 eps) for which (k+1)^n/ln(base) is largest; base(1) > 1.
  [[nodiscard]] Integer best_for_length() const;

  /// Returns eps_k = h_k/2 - Lambda R/(X_k - 1), X_k = 2^{s (k+1)^n/(w m)}, in the box form ceil(X_k) - 1
  /// instead of X_k - 1: grid number k excludes m tokens for every eps below. At the working precision.
  [[nodiscard]] Interval accuracy(const Integer& m, const Integer& k) const;
  /// Does the same where X_k - 1 or its ceiling is a whole number that fits a few machine words.
  [[nodiscard]] std::optional<Rational> exact_accuracy(const Integer& m, const Integer& k) const;
  /// Returns the k for which it is largest; it is positive there.
  [[nodiscard]] Integer best_for_accuracy(const Integer& m) const;
};

}  // namespace promptbound

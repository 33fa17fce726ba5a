/// The packing of Lipschitz functions that 1.2 and 1.3 share.
#pragma once

#include <promptbound/bounds/bound.hpp>
#include <promptbound/numeric/power_product.hpp>

namespace promptbound {

/// McShane's extensions of the 0/h choices on the grid {0, 1/k, ..., 1}^n, k < C/(2 eps) (theory 1.2).
struct Packing {
  Integer n;  ///< d L
  Integer s;  ///< independent output coordinates: n for alpha = inf, else 1
  Number alpha;
  Rational C;
  Rational eps;
  Integer finest;  ///< the largest k < C/(2 eps); 0 when there is none

  /// Returns h_k = min(1, C/k)
  [[nodiscard]] Rational height(const Integer& k) const;
  /// Returns min(1/2, C/(2 max(1, k))): no accuracy below it is possible where k is the least grid number
  /// whose packing does not pass the count.
  [[nodiscard]] Rational excluded_below(const Integer& k) const;
  /// Returns s (k+1)^n: bits that tell the functions apart
  [[nodiscard]] PowerProduct bits(const Integer& k) const;
};

[[nodiscard]] Packing packing(const Arguments& arguments, const Rational& eps);

/// Requires eps < 1/2 and C/(2 eps) > 1; the record says which fails, and whether a constant then serves.
[[nodiscard]] bool is_packing_applicable(const Packing& packing, Record& record);

}  // namespace promptbound

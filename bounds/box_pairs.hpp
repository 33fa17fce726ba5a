/// The pairs of a grid number k and a base c that the box form of theory 1.3 can have.
#pragma once

#include <vector>

#include <promptbound/bounds/lipschitz_grid.hpp>

namespace promptbound {

/// A base and a grid number, or the step from one pair to another.
struct BoxPair {
  Integer c;
  Integer k;
};

/// The pairs (c, k) with floor(R/rho_k) + 1 <= c, for grid numbers k >= C: those below the concave function
/// phi(c) = K c/(A + E c), K : A : E being C : 2 Lambda R : 2 eps.
class BoxPairs {
 public:
  /// Computes K, A and E. first: the least grid number, floor(C) or above; up to C all have its base.
  BoxPairs(const LipschitzPacking& problem, const Integer& first);

  /// Tells whether k < phi(c).
  [[nodiscard]] bool holds(const BoxPair& p) const { return p.k * (A + E * p.c) < K * p.c; }
  /// Returns the greatest k of c.
  [[nodiscard]] Integer top(const Integer& c) const;
  /// Returns the least c of k.
  [[nodiscard]] Integer base(const Integer& k) const;
  /// Returns the vertices of the convex hull of the pairs with low <= c <= high, from left to right above.
  [[nodiscard]] std::vector<BoxPair> hull(const Integer& low, const Integer& high) const;

  Integer K, A, E;
  Integer lowest;  ///< the base of `first`
};

}  // namespace promptbound

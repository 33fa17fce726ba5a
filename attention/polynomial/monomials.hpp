/// The monomials of a polynomial of a scalar product: <q, k>^l = sum_{|a| = l} multinomial(a) q^a k^a.
#pragma once

#include <cstdint>
#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Monomials in d variables by degree; each but the first is an earlier one times its last variable. The
/// children of a monomial are consecutive: its products with the variables variable[a] .. d-1.
struct Monomials {
  std::vector<std::int32_t> parent, variable;
  std::vector<std::int32_t> first_child;  ///< of those below the highest degree
  std::vector<double> multinomial;
  std::vector<Index> end;  ///< end[l]: how many have degree at most l

  Monomials(Index d, Index degree);
  [[nodiscard]] Index count() const { return end.back(); }
};

/// Returns binom(d + degree, d) as a double, infinite when it is beyond 10^15.
[[nodiscard]] double monomial_count(Index d, Index degree);

}  // namespace promptbound

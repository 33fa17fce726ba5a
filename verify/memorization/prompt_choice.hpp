/// A short prompt whose error at the attention output is at most a given level (theory 2.2 under an
/// accuracy). Nothing here is trusted: the caller encloses the error of what it gets.
#pragma once

#include <promptbound/verify/memorization/length_bound.hpp>

namespace promptbound {

struct PromptChoice {
  std::optional<Matrix<Interval>> tokens;  ///< as columns
  bool needs_mass = false;  ///< every feasible pair that was seen has rho < 1 (A x0 = 0: no integer S_P)
  bool needs_bits = false;  ///< more precision may find one
  std::string why;          ///< where there is none
};

/// Chooses, among the pairs (S_P, V vbar) within the level, about the one of least rho, realised by ceil(rho)
/// tokens.
[[nodiscard]] PromptChoice choose_prompt(const std::vector<FloorExample>& examples, const Matrix<Rational>& V,
                                         const Vector<Rational>& direction, const Rational& level);

}  // namespace promptbound

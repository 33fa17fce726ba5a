/// How many prompts a Lipschitz model can tell apart (theory 1.3 and 2.5).
#pragma once

#include <promptbound/bounds/bound.hpp>

namespace promptbound {

/// Counts prompts of m tokens in a ball of radius R, pairwise 2 rho apart: at most base^{w m} of them, where
///   base = 1 + R/rho           (norm = euclidean: tokens in the Euclidean R-ball, max-token Euclidean
///   distance) base = floor(R/rho) + 1    (norm = max: entries in [-R, R], largest entry of the difference).
[[nodiscard]] Rational packing_base(const Arguments& arguments, const Rational& rho);
/// Does the same from R/rho; the box form is norm = max.
[[nodiscard]] Rational packing_base(const Rational& ratio, bool is_box);

/// Tells whether norm = max.
[[nodiscard]] bool is_box_form(const Arguments& arguments);

/// Adds what the user vouches for when 1.3 or 2.5 is applied: radius, Lipschitz constant and their norm.
void assume_lipschitz_model(const Arguments& arguments, Record& record);

}  // namespace promptbound

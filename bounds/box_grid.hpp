/// The grid number that gives the longest prompts in the box form of theory 1.3.
#pragma once

#include <promptbound/bounds/lipschitz_grid.hpp>

namespace promptbound {

/// Returns a k for which (k+1)^n/ln(floor(R/rho_k) + 1) is largest among all 1 <= k < C/(2 eps); base(1) > 1.
/// Throws Undecided where 2^20 bits cannot tell two of them apart that are not equal.
[[nodiscard]] Integer best_box_grid_number(const LipschitzPacking& problem);

}  // namespace promptbound

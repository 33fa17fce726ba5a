/// Certified maximisation over grid numbers.
#pragma once

#include <functional>

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// An upper bound of the objective on {low, ..., high}, which is the objective itself when low = high.
using RangeBound = std::function<Interval(const Integer& low, const Integer& high)>;

/// The k in {1, ..., last} whose objective is largest, by best-first branch and bound. Of values that 192
/// bits do not separate, one is returned.
[[nodiscard]] Integer best_grid_number(const Integer& last, const RangeBound& bound);

}  // namespace promptbound

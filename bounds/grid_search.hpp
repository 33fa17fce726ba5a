/// The grid number that gives the best bound.
#pragma once

#include <functional>

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// An upper bound of the objective on {low, ..., high}, which is the objective itself when low = high: once
/// as an enclosure and once in binary64, where it may be off by 1e-9 relative.
struct GridObjective {
  std::function<Interval(const Integer& low, const Integer& high)> enclosed;
  std::function<double(const Integer& low, const Integer& high)> approximate;
};

/// The k in {1, ..., last} whose objective is largest, by best-first branch and bound. Binary64 excludes all
/// but the grid numbers within its error of the best; enclosures of 192 bits decide between those. Of values
/// that even these do not separate, one is returned: every k gives a valid bound.
[[nodiscard]] Integer best_grid_number(const Integer& last, const GridObjective& objective);

}  // namespace promptbound

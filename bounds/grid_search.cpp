#include <promptbound/bounds/grid_search.hpp>

#include <cmath>
#include <queue>
#include <vector>

#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

// Far above the error of a dozen binary64 operations and library logarithms.
constexpr double relative_error = 1e-9;

struct Range {
  Integer low;
  Integer high;
  double bound;

  friend bool operator<(const Range& a, const Range& b) { return a.bound < b.bound; }
};

/// The grid numbers that binary64 cannot exclude.
std::vector<Integer> candidates(const Integer& last, const GridObjective& objective) {
  // More than a few equal within the error means a plateau; enclosures of these few are then enough.
  constexpr std::size_t most_candidates = 64;
  std::vector<Integer> result;
  double best = 0;
  std::priority_queue<Range> open;
  const auto add = [&](const Integer& low, const Integer& high) {
    open.push({low, high, objective.approximate(low, high)});
  };
  for (add(1, last); !open.empty();) {
    const Range range = open.top();
    open.pop();
    if (!result.empty()) {
      const double margin = relative_error * (1 + std::fabs(best));
      if (range.bound < best - margin || result.size() == most_candidates) break;
    }
    if (range.low == range.high) {
      if (result.empty()) best = range.bound;
      result.push_back(range.low);
    } else {
      const Integer middle = (range.low + range.high) / 2;
      add(range.low, middle);
      add(middle + 1, range.high);
    }
  }
  return result;
}

}  // namespace

Integer best_grid_number(const Integer& last, const GridObjective& objective) {
  const std::vector<Integer> remaining = candidates(last, objective);
  if (remaining.size() == 1) return remaining.front();
  const WorkingPrecision scope(192);
  Integer best = remaining.front();
  Interval best_value = objective.enclosed(best, best);
  for (const Integer& k : remaining) {
    const Interval value = objective.enclosed(k, k);
    if (certainly_less(best_value, value)) {
      best = k;
      best_value = value;
    }
  }
  return best;
}

}  // namespace promptbound

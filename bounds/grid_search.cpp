#include <queue>

#include <promptbound/bounds/grid_search.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

struct Range {
  Integer low;
  Integer high;
  Interval bound;

  friend bool operator<(const Range& a, const Range& b) {
    return mpfr_less_p(&a.bound.get()->right, &b.bound.get()->right) != 0;
  }
};

}  // namespace

Integer best_grid_number(const Integer& last, const RangeBound& bound) {
  const WorkingPrecision scope(192);
  std::priority_queue<Range> open;
  const auto add = [&](const Integer& low, const Integer& high) { open.push({low, high, bound(low, high)}); };
  add(1, last);
  // The range with the largest bound comes first, so the first single number to come is the best.
  while (open.top().low != open.top().high) {
    const Range range = open.top();
    open.pop();
    const Integer middle = (range.low + range.high) / 2;
    add(range.low, middle);
    add(middle + 1, range.high);
  }
  return open.top().low;
}

}  // namespace promptbound

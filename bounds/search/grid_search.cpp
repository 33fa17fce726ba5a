#include <promptbound/bounds/search/grid_search.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <queue>
#include <vector>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

bool is_smaller(double a, double b) { return a < b; }
bool is_smaller(const Interval& a, const Interval& b) {
  return mpfr_less_p(&a.get()->right, &b.get()->right) != 0;
}

/// Of an approximate objective, in units of 1 + its size.
constexpr double relative_error = 1e-9;

template <class Bound>
struct Range {
  Integer low;
  Integer high;
  Bound bound;

  friend bool operator<(const Range& a, const Range& b) { return is_smaller(a.bound, b.bound); }
};

/// Where to halve: between the exponents while they differ, then between the numbers.
Integer middle_of(const Integer& low, const Integer& high) {
  if (high <= 4 * low) return (low + high) / 2;
  return std::clamp(floor_root(low * high, 2), low, Integer(high - 1));
}

/// The ranges that binary64 cannot exclude; those that hold one grid number come first.
std::vector<Range<double>> remaining_ranges(const Integer& first, const Integer& last,
                                            const GridObjective& objective) {
  constexpr int most_ranges = 256;
  constexpr double unknown = std::numeric_limits<double>::infinity();
  std::priority_queue<Range<double>> open;
  const auto add = [&](const Integer& low, const Integer& high) {
    double bound = objective.approximate ? objective.approximate(low, high) : unknown;
    if (!std::isfinite(bound)) bound = unknown;
    open.push({low, high, bound});
  };
  std::vector<Range<double>> result;
  add(first, last);
  for (int i = 0; i < most_ranges && !open.empty() && open.top().bound < unknown; ++i) {
    const Range<double> range = open.top();
    if (!result.empty()) {
      const double best = result.front().bound;
      if (range.bound < best - relative_error * (1 + std::fabs(best))) return result;
    }
    open.pop();
    if (range.low == range.high) {
      result.push_back(range);
    } else {
      const Integer middle = middle_of(range.low, range.high);
      add(range.low, middle);
      add(middle + 1, range.high);
    }
  }
  for (; !open.empty(); open.pop()) result.push_back(open.top());
  return result;
}

/// Bits that tell apart what a range of grid numbers leaves open: about twice those that its ends share,
/// since near a smooth maximum neighbours differ by k^-2, relatively.
long bits_for(const Integer& low, const Integer& high) {
  const unsigned long known = bit_size(high) - bit_size(Integer(high - low));
  return 256 + 2 * static_cast<long>(known);
}

/// The objective's bound on a range, infinite where there is none.
Interval bound_on(const GridObjective& objective, const Integer& low, const Integer& high) {
  Interval bound = objective.bound(low, high);
  return mpfi_nan_p(bound.get()) != 0 ? Interval(std::numeric_limits<double>::infinity()) : bound;
}

/// Small ranges that hold a best grid number of these, found at no more precision than each range needs: with
/// Newton's method the bits double, so that the last step costs as much as all before it.
std::vector<Range<double>> narrowed(const std::vector<Range<double>>& ranges,
                                    const GridObjective& objective) {
  std::vector<Range<double>> result;
  std::priority_queue<Range<Interval>> open;
  std::optional<Interval> best;  // the values seen with the greatest lower end
  const Interval unknown(std::numeric_limits<double>::infinity());
  const auto add = [&](const Integer& low, const Integer& high) {
    const WorkingPrecision scope(bits_for(low, high));
    for (const Integer* k : {&low, &high}) {
      const Interval value = objective.value(*k);
      if (!best || mpfr_greater_p(&value.get()->left, &best->get()->left) != 0) best = value;
    }
    Interval bound = high - low < 2 ? unknown : bound_on(objective, low, high);
    if (!certainly_less(bound, *best)) open.push({low, high, std::move(bound)});
  };
  for (const Range<double>& range : ranges) add(range.low, range.high);
  constexpr int most_ranges = 20000;
  for (int i = 0; !open.empty(); ++i) {
    const Range<Interval> range = open.top();
    open.pop();
    if (certainly_less(range.bound, *best)) continue;
    if (range.high - range.low < 2 || i >= most_ranges) {
      result.push_back({range.low, range.high, std::numeric_limits<double>::infinity()});
      continue;
    }
    const WorkingPrecision scope(bits_for(range.low, range.high));
    const auto part = objective.contract(range.low, range.high);
    if (part && 2 * (part->second - part->first) < range.high - range.low) {
      open.push({part->first, part->second, range.bound});
    } else {
      const Integer middle = middle_of(range.low, range.high);
      add(range.low, middle);
      add(middle + 1, range.high);
    }
  }
  // Of equal ones the least counts.
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.low < b.low; });
  return result;
}

}  // namespace

std::optional<Integer> best_of_few(const Integer& first, const Integer& last,
                                   const std::function<double(const Integer& k)>& approximate) {
  constexpr int few = 64;
  if (last - first >= few) return std::nullopt;
  Integer best;
  double value = -std::numeric_limits<double>::infinity(), second = value;
  for (Integer k = first; k <= last; ++k) {
    const double at = approximate(k);
    if (!std::isfinite(at)) return std::nullopt;
    second = std::max(second, std::min(at, value));
    if (at > value) {
      value = at;
      best = k;
    }
  }
  if (second < value - relative_error * (1 + std::fabs(value))) return best;
  return std::nullopt;
}

Integer best_grid_number(const Integer& first, const Integer& last, const GridObjective& objective) {
  if (objective.approximate) {
    const auto at = [&](const Integer& k) { return objective.approximate(k, k); };
    if (std::optional<Integer> best = best_of_few(first, last, at)) return std::move(*best);
  }
  std::vector<Range<double>> remaining = remaining_ranges(first, last, objective);
  if (objective.contract) remaining = narrowed(remaining, objective);
  if (remaining.size() == 1 && remaining.front().low == remaining.front().high) return remaining.front().low;

  const unsigned long most_known_bits = objective.contract ? 1UL << 20 : 128;
  const WorkingPrecision scope(256 + 2 * static_cast<long>(std::min(bit_size(last), most_known_bits)));
  std::optional<Interval> best_value;
  Integer best;
  const auto visit = [&](const Integer& k) {
    Interval value = objective.value(k);
    if (best_value && !certainly_less(*best_value, value)) return;
    best_value = std::move(value);
    best = k;
  };
  std::priority_queue<Range<Interval>> open;
  const auto add = [&](const Integer& low, const Integer& high) {
    visit(low);
    if (high > low) visit(high);
    if (high - low < 2) return;
    Interval bound = bound_on(objective, low, high);
    if (certainly_less(*best_value, bound)) open.push({low, high, std::move(bound)});
  };
  for (const Range<double>& range : remaining) add(range.low, range.high);
  constexpr int most_ranges = 20000;
  for (int i = 0; i < most_ranges && !open.empty() && is_smaller(*best_value, open.top().bound); ++i) {
    const Range<Interval> range = open.top();
    open.pop();
    const Integer middle = middle_of(range.low, range.high);
    add(range.low, middle);
    add(middle + 1, range.high);
  }
  return best;
}

}  // namespace promptbound

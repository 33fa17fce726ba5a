/// The grid number that gives the best bound.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// What is maximised over grid numbers.
struct GridObjective {
  /// Encloses the objective at k, at the working precision.
  std::function<Interval(const Integer& k)> value;
  /// Returns a number whose upper end is at least the objective on all of {low, ..., high}.
  std::function<Interval(const Integer& low, const Integer& high)> bound;
  /// Returns the same as a binary64 number, off by at most 1e-9 (1 + its size), which at low = high is the
  /// objective itself; infinite, of either sign, or NaN where binary64 cannot hold it. May be empty: it only
  /// saves time.
  std::function<double(const Integer& low, const Integer& high)> approximate = nullptr;
  /// Returns a part of {low, ..., high} that holds a best grid number of it, or nothing where none is known.
  /// May be empty: it saves time, and lets long grid numbers be told apart.
  std::function<std::optional<std::pair<Integer, Integer>>(const Integer& low, const Integer& high)>
      contract = nullptr;
};

/// Returns the best of at most 64 grid numbers where binary64 tells it from all others: `approximate` is off
/// by at most 1e-9 (1 + its size), infinite or NaN where binary64 cannot hold it. Nothing otherwise.
[[nodiscard]] std::optional<Integer> best_of_few(const Integer& first, const Integer& last,
                                                 const std::function<double(const Integer& k)>& approximate);

/// Returns the k in {first, ..., last} whose objective is largest, by best-first branch and bound: first in
/// binary64, then, among what that cannot exclude, by enclosures. Near a smooth maximum neighbours differ by
/// k^-2, relatively: the enclosures tell them apart whatever the bits of k with `contract`, up to 128
/// without. Every k gives a valid bound, so that the search may stop where a rounded objective has more
/// maxima than can be visited, after 20,000 ranges.
[[nodiscard]] Integer best_grid_number(const Integer& first, const Integer& last,
                                       const GridObjective& objective);

}  // namespace promptbound

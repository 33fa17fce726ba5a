/// Which clusters of keys to use. Nothing here is certified or needs to be: attend_clusters certifies what it
/// computed.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include <promptbound/attention/clusters/clustered.hpp>
#include <promptbound/attention/polynomial/polynomial_choice.hpp>

namespace promptbound {

/// Clusters that are not made yet.
template <class T>
struct ClusterPlan {
  std::vector<T> centres;  ///< relative to that of all keys, rows of d
  PolynomialWork work;     ///< expected
};

/// How plan_clusters looks for clusters: where much is at stake, at up to four times as many keys.
struct ClusterSearch {
  double keys;  ///< relative to the fewest
  double part;  ///< the time that it takes, relative to that of `most` monomials

  /// Looks for less work than `most` monomials.
  ClusterSearch(Index d, Index d_v, double most) {
    // Multiply-adds in the time that the fewest keys take, measured for 2 to 64 coordinates.
    const double least = (1.2e7 + 2e5 * static_cast<double>(d)) / (most * static_cast<double>(d_v + 2));
    keys = std::clamp(1 / (15 * least), 1.0, 4.0);
    part = keys * least;
  }
  [[nodiscard]] bool is_worthwhile() const { return part <= 0.1; }
};

/// Returns what is expected to do the head's task at clearly less work than `most`, in monomials
/// (PolynomialWork); least work first. Nothing where looking is not worthwhile. The centre of all keys is
/// `centre`.
template <class T>
[[nodiscard]] std::vector<ClusterPlan<T>> plan_clusters(const AttentionArrays<T>& arrays, Index head,
                                                        const ArraySizes& sizes, const std::vector<T>& centre,
                                                        const PolynomialTask& task, double most);

/// Returns the first of these plans that keeps its promise when all keys are looked at.
template <class T>
[[nodiscard]] std::optional<KeyClusters<T>> make_clusters(const AttentionArrays<T>& arrays, Index head,
                                                          const ArraySizes& sizes,
                                                          const std::vector<T>& centre,
                                                          const PolynomialTask& task, double most,
                                                          const std::vector<ClusterPlan<T>>& plans);

}  // namespace promptbound

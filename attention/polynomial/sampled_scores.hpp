/// Scores of a few queries with a few keys, for estimates of what a polynomial has to do.
#pragma once

#include <vector>

#include <promptbound/attention/check_arrays.hpp>

namespace promptbound {

/// Chooses queries for estimates: the longest and the first of each of up to `count` stretches. The longest
/// alone may all be alike.
[[nodiscard]] std::vector<Index> typical_queries(const ArraySizes& sizes, Index count);

/// Returns these queries of a head times the scale, rows of d.
template <class T>
[[nodiscard]] std::vector<double> scaled_queries(const AttentionArrays<T>& arrays, Index head,
                                                 const std::vector<Index>& queries);

/// How many queries scores are taken of: the longest ones, and of the others those that lie along the keys'
/// main direction.
struct TakenQueries {
  Index longest, along_keys;
};

/// Scores of a few scaled queries with a few keys around their centre, rows of d.
class SampledScores {
 public:
  SampledScores(const std::vector<double>& queries, const std::vector<double>& centred_keys, Index d,
                TakenQueries taken);

  /// Returns the largest sum s^h / sum e^s over the queries, for even h >= 2.
  [[nodiscard]] double moment(Index h);
  /// Does the same with an allowance for what the sample misses: high moments are those of few keys.
  [[nodiscard]] double moment_above(Index h);

  /// Returns the largest distance of one of the queries' outputs from either end of a column's range,
  /// least[c] .. largest[c]; `values` are those of the keys, rows of as many columns.
  [[nodiscard]] double distance(const std::vector<double>& values, const std::vector<double>& least,
                                const std::vector<double>& largest) const;

 private:
  std::vector<double> squares_, powers_;  ///< s^2 and its highest power so far, by query and key
  std::vector<double> weights_;           ///< e^s by query and key
  std::vector<double> totals_;            ///< sum e^s by query
  std::vector<double> moments_;           ///< those of 2, 4, ...
};

}  // namespace promptbound

/// Biases of scores that depend on how far a key is from its query, as in T5's encoder.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// What a table of biases is asked for. Half of its buckets are for keys behind the query, half for the query
/// itself and keys before it. In each half, of h buckets, the distances below e = h / 2 (rounded down) have
/// one each; from there on a distance n has the bucket e + floor((h - e) ln(n/e) / ln(farthest/e)), the last
/// one at most. The floor is that of the real number, found in whole numbers.
class DistanceBuckets {
 public:
  /// Finds where each bucket begins. buckets >= 4, farthest > buckets / 4.
  DistanceBuckets(std::size_t buckets, std::size_t farthest);

  /// Returns the bucket of a key at its position for a query at its own.
  [[nodiscard]] Index of(Index query, Index key) const;

 private:
  std::vector<Index> first_;  ///< the least distance of every bucket of a half
};

/// Biases that are added to the scaled scores.
struct RelativeBiases {
  Matrix<double> table;  ///< a row a bucket, a column a head
  DistanceBuckets buckets;

  /// Returns the biases of one head: a row a key, a column a query, both at the positions 0, 1, ...
  [[nodiscard]] Matrix<double> of(Index head, Index tokens) const;
};

}  // namespace promptbound

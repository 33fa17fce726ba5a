#include <algorithm>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/transformer/relative_biases.hpp>

namespace promptbound {

DistanceBuckets::DistanceBuckets(std::size_t buckets, std::size_t farthest) {
  const std::size_t half = buckets / 2, exact = half / 2, steps = half - exact;
  for (std::size_t n = 0; n <= exact; ++n) first_.push_back(static_cast<Index>(n));
  // (n/e)^steps >= (farthest/e)^j: n is in the bucket e + j or a later one.
  const Integer e = exact, far = farthest;
  for (std::size_t j = 1; j < steps; ++j) {
    const Integer least = power(far, j) * power(e, steps - j);
    std::size_t below = exact, reached = farthest;
    while (reached - below > 1) {
      const std::size_t n = below + (reached - below) / 2;
      (power(Integer(n), steps) >= least ? reached : below) = n;
    }
    first_.push_back(static_cast<Index>(reached));
  }
}

Index DistanceBuckets::of(Index query, Index key) const {
  const Index distance = std::abs(key - query);
  const auto next = std::upper_bound(first_.begin(), first_.end(), distance);
  const Index bucket = static_cast<Index>(next - first_.begin()) - 1;
  return key > query ? static_cast<Index>(first_.size()) + bucket : bucket;
}

Matrix<double> RelativeBiases::of(Index head, Index tokens) const {
  Matrix<double> biases(tokens, tokens);
  for (Index query = 0; query < tokens; ++query) {
    for (Index key = 0; key < tokens; ++key) biases(key, query) = table(buckets.of(query, key), head);
  }
  return biases;
}

}  // namespace promptbound

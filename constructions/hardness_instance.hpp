/// Theory 4.3 and 5.7: a nearest-neighbour problem whose answers are read off an attention output.
#pragma once

#include <cstdint>
#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Points a_1..a_M, b_1..b_M in {0,1}^D (columns) with the promise that for each i the least Hamming distance
/// min_j Ham(a_i, b_j) is <= t or >= t + gap.
struct NearestPoints {
  Matrix<int> a, b;
  int t = 0, gap = 1;
};

/// Draws M points each, uniform random b; of the a a random half lies within t of some b, the rest is uniform
/// among the points that keep the promise. Throws InputError when none such is found: t + gap is too large
/// for M and D.
[[nodiscard]] NearestPoints planted_points(Index M, Index D, int t, int gap, std::uint64_t seed);

/// Queries sqrt(beta) q, keys sqrt(beta) k with q, k in {-1, 0, 1} (columns), of dimension D + |o|, o = D -
/// 2t - gap: real keys first, then M zero dummies; values 1 for real keys and 0 for dummies. Scores are <q,
/// k>.
struct HardnessInstance {
  Matrix<int> query_signs, key_signs;
  Rational root_beta;  ///< sqrt(beta), the largest size of an entry: the least multiple of 1/64 with beta >=
                       ///< ln(3M)/gap
  Index real_keys;     ///< M
};

/// Throws InputError for points that are not 0 or 1, unequal shapes, t < 0 or gap < 1. The promise is not
/// checked.
[[nodiscard]] HardnessInstance hardness_instance(const NearestPoints& points);

/// Returns the attention output at query i: >= 3/4 in the near case and <= 1/4 in the far case (c = ln 3), so
/// that an approximation to less than 1/4, cut at 1/2, decides. Equal to 1/(1 + M / sum_{real j} exp(<q_i,
/// k_j>)).
template <class Scalar>
[[nodiscard]] Scalar hardness_output(const HardnessInstance& instance, Index i);

/// Decides by attention whether point i of a is near: whether that output is above 1/2. Throws Undecided
/// where it is 1/2, and at the limit of the precision.
[[nodiscard]] bool is_near_by_attention(const HardnessInstance& instance, Index i);

/// Decides by brute force whether point i of a is within t of some b.
[[nodiscard]] bool is_near_by_force(const NearestPoints& points, Index i);

}  // namespace promptbound

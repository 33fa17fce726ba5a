/// Cholesky attention: exp(<q, k>) is replaced by a kernel of low rank, interpolation at pivots among the
/// queries and keys, so that the cost is linear in the number of tokens. Certified.
///
/// The rank follows the data, not the dimension: tokens in clusters or near a subspace need few pivots where
/// polynomials of the score need binom(d + degree, d) monomials.
#pragma once

#include <algorithm>
#include <optional>

#include <promptbound/attention/check_arrays.hpp>
#include <promptbound/attention/cholesky/pivots.hpp>
#include <promptbound/attention/exact/exact.hpp>

namespace promptbound {

/// Pivots at most: features cost rank^2/2 products a token, 1/8 of a million at 512.
inline constexpr Index max_cholesky_rank = 512;
/// Largest product of the norms of scaled queries and centred keys; rounding is amplified by its exponential.
inline constexpr double max_cholesky_score = 20;

/// One query in so many may miss the pivots' target: they are computed exactly.
inline constexpr Index cholesky_tail = 48;
/// Returns among how many queries, and among how many keys, pivots are chosen.
[[nodiscard]] inline Index pivot_sample(Index tokens) {
  return std::min(tokens, std::clamp<Index>(tokens / 4, 128, 512));
}

struct CholeskyOptions {
  double accuracy = 1e-3;  ///< every output within accuracy * (largest |value| of its head)
  int threads = 1;
  PivotLimits limits{max_cholesky_rank, max_cholesky_rank};
};

/// Computes attention through the kernel interpolated at pivots; sums are in binary64 for either T. Queries
/// in the tail of the errors, at most one in 16, are computed by exact attention. Nothing when the
/// accuracy cannot be certified within these limits, or the mask is causal. Throws InputError as
/// check_arrays does. `rank` receives the largest rank over the heads.
template <class T>
[[nodiscard]] std::optional<Attended<T>> cholesky_attention(const AttentionArrays<T>& arrays,
                                                            const CholeskyOptions& options,
                                                            Index* rank = nullptr);

/// Does the same with the sizes that check_arrays gave.
template <class T>
[[nodiscard]] std::optional<Attended<T>> cholesky_attention(const AttentionArrays<T>& arrays,
                                                            const CholeskyOptions& options,
                                                            const std::vector<ArraySizes>& sizes,
                                                            Index* rank);

}  // namespace promptbound

/// The vector kernels of clustered attention; clustered.hpp and key_groups.hpp are the interfaces for
/// everybody else.
#pragma once

#include <cstdint>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Arrays of the kernels have rows of a multiple of this many numbers, whatever the instruction set.
inline constexpr Index cluster_padding = 16;
[[nodiscard]] constexpr Index padded_for_clusters(Index count) {
  return (count + cluster_padding - 1) / cluster_padding * cluster_padding;
}

/// Some centres by coordinates.
template <class T>
struct CentreColumns {
  Index d, count;        ///< of the centres
  const T* transposed;   ///< d x padded_for_clusters(count)
  const T* half_square;  ///< |centre|^2/2, the largest number of T for what is no centre
};

/// Puts into nearest[j], of the `count` points (rows of d), the number of the centre whose distance is least
/// as far as T can tell.
template <class T>
void find_nearest(const CentreColumns<T>& centres, const T* points, Index count, std::int32_t* nearest);

/// Computes weights[g padded_for_clusters(rows) + i] = e^{x_g - max x}, x_g = sum_c (scale query_i[c])
/// offsets[c G + g], for G clusters, in binary64: d products of two numbers that are rounded once and d - 1
/// additions, the difference, and an exponential within 2^-50; 0 for x_g - max x <= -600. `query` holds rows
/// of d; rows beyond the last one are filled with anything.
template <class T>
void weigh_centres(const T* query, Index rows, Index d, double scale, const double* offsets, Index clusters,
                   double* weights);

/// What a cluster has for some queries; numbers of queries and of cells (queries x d_v) beyond those given
/// are up to padded_for_clusters.
template <class T>
struct ClusterShare {
  const double* weights;
  const T* normalisers;
  const T* means;       ///< rows of d_v
  const float* errors;  ///< rows of d_v
};

/// Adds, with a = weight * normaliser for each of the queries: totals += a, sums += a mean, error_sums += a
/// error, in binary64 with one rounding for a and at most two for each addition.
template <class T>
void add_share(const ClusterShare<T>& share, Index rows, Index d_v, double* totals, double* sums,
               double* error_sums);

}  // namespace promptbound

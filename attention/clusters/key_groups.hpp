/// Groups of points for clustered attention: any grouping is right there, good ones make it fast.
#pragma once

#include <cstdint>
#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

inline constexpr Index most_groups = 32;

/// Up to most_groups of the points (rows of d), each the farthest from those before it; the first one
/// farthest from 0. Fewer where the others coincide with these.
template <class T>
struct Seeds {
  std::vector<T> points;      ///< rows of d
  double radius = 0;          ///< of the farthest point from 0
  std::vector<double> cover;  ///< after each seed, of the farthest point from its nearest one
  Seeds(const std::vector<T>& rows, Index d);
};

/// Finds for each of `count` points the number of the nearest centre; both are rows of d.
template <class T>
[[nodiscard]] std::vector<std::int32_t> nearest_centres(const std::vector<T>& centres, Index d,
                                                        const T* points, Index count);

/// Iterates from these centres as Lloyd does: each goes to the mean of the points nearest to it.
template <class T>
void move_to_means(std::vector<T>& centres, const std::vector<T>& points, Index d, int iterations);

}  // namespace promptbound

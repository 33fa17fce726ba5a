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

/// The nearest of the centres (rows of d) for each point.
template <class T>
class NearestCentre {
 public:
  NearestCentre(const std::vector<T>& centres, Index d);
  /// For `count` points, rows of d.
  [[nodiscard]] std::vector<std::int32_t> of(const T* points, Index count) const;

 private:
  Index d_, count_;
  std::vector<T> transposed_, half_square_;
};

/// Lloyd's iterations from these centres: each goes to the mean of the points nearest to it.
template <class T>
void move_to_means(std::vector<T>& centres, const std::vector<T>& points, Index d, int iterations);

}  // namespace promptbound

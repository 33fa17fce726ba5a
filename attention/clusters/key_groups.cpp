#include <promptbound/attention/clusters/key_groups.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <promptbound/attention/clusters/cluster_kernel.hpp>
#include <promptbound/attention/norm_kernel.hpp>

namespace promptbound {

template <class T>
Seeds<T>::Seeds(const std::vector<T>& rows, Index d) {
  const Index count = static_cast<Index>(rows.size()) / d;
  std::vector<double> least(static_cast<std::size_t>(count)), square = least;  // distances from the seeds
  radius = std::sqrt(square_norms<T>(rows.data(), count, d, nullptr, least.data()));
  for (Index found = 0; found < most_groups; ++found) {
    const auto farthest = std::max_element(least.begin(), least.end());
    if (!(*farthest > 0)) break;
    const T* seed = rows.data() + (farthest - least.begin()) * d;
    points.insert(points.end(), seed, seed + d);
    square_norms<T>(rows.data(), count, d, seed, square.data());
    for (std::size_t j = 0; j < square.size(); ++j)
      least[j] = found == 0 ? square[j] : std::min(least[j], square[j]);
    cover.push_back(std::sqrt(*std::max_element(least.begin(), least.end())));
  }
}

template <class T>
std::vector<std::int32_t> nearest_centres(const std::vector<T>& centres, Index d, const T* points,
                                          Index count) {
  const Index groups = static_cast<Index>(centres.size()) / d, padded = padded_for_clusters(groups);
  std::vector<T> transposed(static_cast<std::size_t>(d * padded), T(0)),
      half_square(static_cast<std::size_t>(padded), std::numeric_limits<T>::max());
  for (Index g = 0; g < groups; ++g) {
    T square = 0;
    for (Index c = 0; c < d; ++c) {
      const T entry = centres[static_cast<std::size_t>(g * d + c)];
      transposed[static_cast<std::size_t>(c * padded + g)] = entry;
      square += entry * entry;
    }
    half_square[static_cast<std::size_t>(g)] = square / 2;
  }
  std::vector<std::int32_t> nearest(static_cast<std::size_t>(count));
  find_nearest({d, groups, transposed.data(), half_square.data()}, points, count, nearest.data());
  return nearest;
}

template <class T>
void move_to_means(std::vector<T>& centres, const std::vector<T>& points, Index d, int iterations) {
  const Index count = static_cast<Index>(points.size()) / d;
  for (int iteration = 0; iteration < iterations; ++iteration) {
    const std::vector<std::int32_t> nearest = nearest_centres(centres, d, points.data(), count);
    std::vector<double> sums(centres.size(), 0.0), members(centres.size() / static_cast<std::size_t>(d), 0.0);
    for (Index j = 0; j < count; ++j) {
      const T* point = points.data() + j * d;
      const Index g = nearest[static_cast<std::size_t>(j)];
      ++members[static_cast<std::size_t>(g)];
      for (Index c = 0; c < d; ++c)
        sums[static_cast<std::size_t>(g * d + c)] += static_cast<double>(point[c]);
    }
    for (std::size_t i = 0; i < centres.size(); ++i) {
      const double size = members[i / static_cast<std::size_t>(d)];
      if (size > 0) centres[i] = static_cast<T>(sums[i] / size);
    }
  }
}

template struct Seeds<float>;
template struct Seeds<double>;
template std::vector<std::int32_t> nearest_centres(const std::vector<float>&, Index, const float*, Index);
template std::vector<std::int32_t> nearest_centres(const std::vector<double>&, Index, const double*, Index);
template void move_to_means(std::vector<float>&, const std::vector<float>&, Index, int);
template void move_to_means(std::vector<double>&, const std::vector<double>&, Index, int);

}  // namespace promptbound

#include <promptbound/attention/key_groups.hpp>

#include <algorithm>
#include <cmath>

namespace promptbound {

template <class T>
Seeds<T>::Seeds(const std::vector<T>& rows, Index d) {
  const Index count = static_cast<Index>(rows.size()) / d;
  std::vector<double> square(static_cast<std::size_t>(count), 0.0);
  for (Index j = 0; j < count; ++j) {
    for (Index c = 0; c < d; ++c) {
      const auto entry = static_cast<double>(rows[static_cast<std::size_t>(j * d + c)]);
      square[static_cast<std::size_t>(j)] += entry * entry;
    }
  }
  auto farthest = std::max_element(square.begin(), square.end());
  radius = std::sqrt(*farthest);
  for (Index found = 0; found<most_groups&& * farthest> 0; ++found) {
    const T* seed = rows.data() + (farthest - square.begin()) * d;
    points.insert(points.end(), seed, seed + d);
    for (Index j = 0; j < count; ++j) {
      double distance = 0;
      for (Index c = 0; c < d; ++c) {
        const double difference =
            static_cast<double>(rows[static_cast<std::size_t>(j * d + c)]) - static_cast<double>(seed[c]);
        distance += difference * difference;
      }
      double& least = square[static_cast<std::size_t>(j)];
      least = found == 0 ? distance : std::min(least, distance);
    }
    farthest = std::max_element(square.begin(), square.end());
    cover.push_back(std::sqrt(*farthest));
  }
}

template <class T>
NearestCentre<T>::NearestCentre(const std::vector<T>& centres, Index d)
    : count_(static_cast<Index>(centres.size()) / d),
      d_(d),
      transposed_(centres.size()),
      half_square_(static_cast<std::size_t>(count_), T(0)) {
  for (Index g = 0; g < count_; ++g) {
    for (Index c = 0; c < d; ++c) {
      const T entry = centres[static_cast<std::size_t>(g * d + c)];
      transposed_[static_cast<std::size_t>(c * count_ + g)] = entry;
      half_square_[static_cast<std::size_t>(g)] += entry * entry / 2;
    }
  }
}

/// |p - c|^2 is least where |c|^2/2 - <p, c> is.
template <class T>
Index NearestCentre<T>::of(const T* point) const {
  T distance[most_groups];
  std::copy(half_square_.begin(), half_square_.end(), distance);
  for (Index c = 0; c < d_; ++c) {
    const T* entries = transposed_.data() + c * count_;
    for (Index g = 0; g < count_; ++g) distance[g] -= point[c] * entries[g];
  }
  return std::min_element(distance, distance + count_) - distance;
}

template <class T>
void move_to_means(std::vector<T>& centres, const std::vector<T>& points, Index d, int iterations) {
  const Index count = static_cast<Index>(points.size()) / d;
  for (int iteration = 0; iteration < iterations; ++iteration) {
    const NearestCentre<T> nearest(centres, d);
    std::vector<double> sums(centres.size(), 0.0), members(centres.size() / static_cast<std::size_t>(d), 0.0);
    for (Index j = 0; j < count; ++j) {
      const T* point = points.data() + j * d;
      const Index g = nearest.of(point);
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
template class NearestCentre<float>;
template class NearestCentre<double>;
template void move_to_means(std::vector<float>&, const std::vector<float>&, Index, int);
template void move_to_means(std::vector<double>&, const std::vector<double>&, Index, int);

}  // namespace promptbound

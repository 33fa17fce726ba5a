/// Random arrays of one head, for measurements.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <promptbound/attention/arrays.hpp>

namespace promptbound::bench {

/// Queries and keys uniform in [-B, B], values in [-1, 1], scores scaled by 1/d; always the same.
template <class T>
struct Data {
  std::vector<T> q, k, v;
  AttentionArrays<T> arrays;

  Data(Index n, Index d, double B) {
    std::mt19937_64 engine(1);
    std::uniform_real_distribution<T> entry(-1, 1);
    const auto fill = [&](std::vector<T>& array, double size) {
      array.resize(static_cast<std::size_t>(n * d));
      std::generate(array.begin(), array.end(), [&] { return static_cast<T>(size) * entry(engine); });
      return array.data();
    };
    arrays.q = fill(q, B);
    arrays.k = fill(k, B);
    arrays.v = fill(v, 1);
    arrays.n = arrays.m = n;
    arrays.d = arrays.d_v = d;
    arrays.scale = 1.0 / static_cast<double>(d);
  }

  /// Every entry becomes +-size.
  void move_to_corners(double size) {
    for (std::vector<T>* array : {&q, &k, &v}) {
      for (T& entry : *array) entry = std::copysign(static_cast<T>(size), entry);
    }
  }
};

}  // namespace promptbound::bench

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

  /// Queries and keys of few kinds, where Cholesky needs few pivots and polynomials many monomials: 20
  /// clusters of spread 0.01, or a subspace of dimension 4.
  void structure(bool is_clustered) {
    constexpr Index clusters = 20, dimension = 4;
    const Index d = arrays.d;
    std::mt19937_64 engine(2);
    std::uniform_real_distribution<T> entry(-1, 1);
    std::vector<T> basis(static_cast<std::size_t>(clusters * d));
    for (T& x : basis) x = entry(engine);
    for (std::vector<T>* rows : {&q, &k}) {
      for (Index i = 0; i < arrays.n; ++i) {
        T* row = rows->data() + i * d;
        const T* centre = basis.data() + static_cast<Index>(engine() % clusters) * d;
        T weights[dimension];
        for (T& weight : weights) weight = entry(engine);
        for (Index c = 0; c < d; ++c) {
          if (is_clustered) {
            row[c] = centre[c] + static_cast<T>(0.01) * row[c];
          } else {
            row[c] = 0;
            for (Index b = 0; b < dimension; ++b)
              row[c] += weights[b] * basis[static_cast<std::size_t>(b * d + c)];
          }
        }
      }
    }
  }

  /// Every entry becomes +-size.
  void move_to_corners(double size) {
    for (std::vector<T>* array : {&q, &k, &v}) {
      for (T& entry : *array) entry = std::copysign(static_cast<T>(size), entry);
    }
  }
};

}  // namespace promptbound::bench

/// Random attention arrays of the benchmarks.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include <promptbound/attention/arrays.hpp>

namespace promptbound::bench {

/// n queries and keys uniform in [-B, B]^d, values uniform in [-1, 1]^d, scores <q, k>/d.
template <class T>
struct UniformData {
  std::vector<T> q, k, v;
  AttentionArrays<T> arrays;

  UniformData(Index n, Index d, double B) {
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
};

}  // namespace promptbound::bench

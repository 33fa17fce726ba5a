/// Shapes and random arrays of one attention call, with their storage.
#pragma once

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

#include <promptbound/attention/arrays.hpp>

namespace promptbound {

template <class T>
AttentionArrays<T> shapes(Index heads, Index n, Index m, Index prompt, Index d, Index d_v) {
  AttentionArrays<T> arrays;
  arrays.heads = heads;
  arrays.n = n;
  arrays.m = m;
  arrays.prompt = prompt;
  arrays.d = d;
  arrays.d_v = d_v;
  arrays.scale = 1.0 / static_cast<double>(d);
  return arrays;
}

template <class T>
struct StoredArrays {
  AttentionArrays<T> arrays;
  std::vector<T> q, k, v, prompt_k, prompt_v;

  /// Allocates the shapes set in `arrays` and fills them: entry() for queries and keys, value() for values.
  void fill(const std::function<double()>& entry, const std::function<double()>& value) {
    const auto draw = [&](std::vector<T>& out, Index rows, Index columns,
                          const std::function<double()>& next) {
      out.resize(static_cast<std::size_t>(arrays.heads * rows * columns));
      std::generate(out.begin(), out.end(), [&] { return static_cast<T>(next()); });
      return out.data();
    };
    arrays.q = draw(q, arrays.n, arrays.d, entry);
    arrays.k = draw(k, arrays.m, arrays.d, entry);
    arrays.v = draw(v, arrays.m, arrays.d_v, value);
    arrays.prompt_k = draw(prompt_k, arrays.prompt, arrays.d, entry);
    arrays.prompt_v = draw(prompt_v, arrays.prompt, arrays.d_v, value);
  }
};

class RandomDoubles {
 public:
  explicit RandomDoubles(std::uint64_t seed) : engine_(seed) {}
  double between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
  Index index(Index low, Index high) { return std::uniform_int_distribution<Index>(low, high)(engine_); }
  double sign() { return index(0, 1) == 0 ? -1 : 1; }

 private:
  std::mt19937_64 engine_;
};

template <class T>
StoredArrays<T> random_arrays(RandomDoubles& random, const AttentionArrays<T>& shapes, double size = 1) {
  StoredArrays<T> stored;
  stored.arrays = shapes;
  stored.fill([&] { return random.between(-size, size); }, [&] { return random.between(-1, 1); });
  return stored;
}

/// Keys of input and prompt in `groups` groups of the given spread, centred uniformly in [-size, size].
template <class T>
StoredArrays<T> grouped_arrays(RandomDoubles& random, const AttentionArrays<T>& shapes, Index groups,
                               double size, double spread) {
  StoredArrays<T> stored = random_arrays(random, shapes);
  std::vector<double> centres;
  centres.reserve(static_cast<std::size_t>(groups * shapes.d));
  for (Index i = 0; i < groups * shapes.d; ++i) centres.push_back(random.between(-size, size));
  for (std::vector<T>* keys : {&stored.k, &stored.prompt_k}) {
    const Index rows = static_cast<Index>(keys->size()) / shapes.d;
    for (Index j = 0; j < rows; ++j) {
      const Index group = random.index(0, groups - 1);
      for (Index c = 0; c < shapes.d; ++c) {
        T& entry = (*keys)[static_cast<std::size_t>(j * shapes.d + c)];
        entry = static_cast<T>(centres[static_cast<std::size_t>(group * shapes.d + c)] +
                               spread * static_cast<double>(entry));
      }
    }
  }
  return stored;
}

}  // namespace promptbound

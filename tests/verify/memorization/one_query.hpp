/// Random data around one query, and layers of several heads for them.
#pragma once

#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>

#include "random.hpp"

namespace promptbound {

struct OneQueryInstance {
  Transformer<Rational> model;
  MemorizationData data;
};

/// N examples of three tokens, the query first, random targets.
inline MemorizationData one_query_data(RandomNumbers& random, Index d, int N) {
  MemorizationData data;
  const Matrix<Rational> query = random.matrix(d, 1);
  for (int i = 0; i < N; ++i) {
    Matrix<Rational> tokens = random.matrix(d, 3);
    tokens.col(0) = query;
    data.push_back({tokens, 0, query + random.matrix(d, 1)});
  }
  return data;
}

/// Such data for one layer of random heads.
inline OneQueryInstance random_heads(RandomNumbers& random, Index d, int heads, int N) {
  OneQueryInstance instance{{d, {{}}, Mask::bidirectional}, {}};
  for (int h = 0; h < heads; ++h)
    instance.model.layers[0].heads.push_back(
        head_of_maps<Rational>(random.matrix(d, d, -2, 2), random.matrix(d, d)));
  instance.data = one_query_data(random, d, N);
  return instance;
}

}  // namespace promptbound

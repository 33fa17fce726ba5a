/// Random transformers of several layers for tests.
#pragma once

#include <promptbound/transformer/transformer.hpp>

#include "random.hpp"

namespace promptbound {

/// d x T, every token in the Euclidean ball of radius R.
inline Matrix<Rational> random_in_ball(RandomNumbers& random, Index d, Index T, const Rational& R) {
  Matrix<Rational> Z = random.matrix(d, T);
  for (Index token = 0; token < T; ++token) {
    // The 1-norm is at least the Euclidean one.
    Z.col(token) *= R / std::max<Rational>(Rational(1), Z.col(token).cwiseAbs().sum());
  }
  return Z;
}

/// One to three heads and mostly a feed-forward block in each layer; `size` scales the value maps and blocks.
inline Transformer<Rational> random_stack(RandomNumbers& random, Index d, int layers, const Rational& size,
                                          Mask mask) {
  Transformer<Rational> model{d, {}, mask};
  for (int l = 0; l < layers; ++l) {
    Layer<Rational>& layer = model.layers.emplace_back();
    for (long heads = random.integer(1, 3); heads > 0; --heads) {
      const Index s = random.integer(1, 2);
      layer.heads.push_back(
          {random.matrix(s, d), random.matrix(s, d), random.matrix(s, d, -size, size), random.matrix(d, s)});
    }
    if (random.integer(0, 3) > 0) {
      const Index hidden = random.integer(1, 5);
      layer.ffn = FeedForward<Rational>{random.matrix(hidden, d), random.matrix(hidden, 1),
                                        random.matrix(d, hidden, -size, size), random.matrix(d, 1)};
    }
  }
  return model;
}

}  // namespace promptbound

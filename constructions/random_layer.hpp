/// A layer and data to try the questions of theory 2.2 to 2.4 on, made at random and made by a prompt.
#pragma once

#include <cstdint>

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// One bidirectional head of exact weights, its value map of full rank, and N examples [x_i, x_0] that share
/// the query x_0. A hidden prompt gives each target, but for the rounding to multiples of `unit`.
struct RandomLayer {
  Transformer<Rational> model;
  std::vector<Matrix<Rational>> inputs;   ///< d x 2 each; the query is the second token
  std::vector<Vector<Rational>> targets;  ///< wanted outputs of the layer at the query
  Rational unit;                          ///< every entry is met within this by the hidden prompt
};

/// Draws a layer of width d, N examples and a hidden prompt of m tokens; entries are multiples of 1/7 from
/// -3/7 to 3/7. The same seed gives the same layer. Throws InputError unless d, N and m are at least 1.
[[nodiscard]] RandomLayer random_layer(Index d, Index N, Index m, std::uint64_t seed);

}  // namespace promptbound

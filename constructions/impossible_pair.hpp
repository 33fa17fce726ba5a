/// Theory 5.4: two examples that no prompt fits, of any length, for a given single-layer transformer.
#pragma once

#include <promptbound/constructions/shared_query_data.hpp>
#include <promptbound/transformer/feed_forward_inverse.hpp>

namespace promptbound {

/// Two sequences [x_1, x0] and [x_2, x0] whose first tokens have equal scores, with each other's values asked
/// for: t_1 = V x_2, t_2 = V x_1. Then w = -(S + e^s) tau with S > 0, so that no S_P > 0 fits (theory 2.2),
/// and the ratio of theory 2.3 falls to its infimum as s -> infinity: the floor is ||t_1 - t_2||_inf / 2,
/// exactly.
struct ImpossiblePair {
  Matrix<Rational> first, second;                ///< d x 2 each; the query is the second token
  Vector<Rational> first_output, second_output;  ///< wanted outputs of the layer at the query
  SharedQueryData data;                          ///< the same, with the targets at the attention output
  /// Infimum of the maximum errors at the attention output: longer and longer prompts come as close as wanted
  /// (V maps the mean of x_1 and x_2 half-way between the targets), none has it.
  Rational floor;
  Rational output_floor;   ///< a lower bound at the layer's output; 0 where none is known
  BlockInjectivity block;  ///< why the outputs determine the attention outputs
};

/// Throws InputError unless the model is one layer of one bidirectional or causal head, V is not zero on the
/// tokens orthogonal to A x0, and the feed-forward block (where there is one) is certified injective.
[[nodiscard]] ImpossiblePair impossible_pair(const Transformer<Rational>& model);

}  // namespace promptbound

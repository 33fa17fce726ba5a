/// A model of any number of layers as the checkers read it, and its value at one sequence. Shares
/// rationals and intervals with the producers; attention and feed-forward blocks are not those of
/// transformer/.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/verify/check/memorize_problem.hpp>

namespace promptbound::checker {

struct Head {
  Matrix<Rational> W_Q, W_K, V;  ///< V = W_O W_V
};

struct LayerWeights {
  std::vector<Head> heads;
  std::optional<Block> ffn;
};

struct Model {
  Index width = 0;
  std::vector<LayerWeights> layers;
  bool causal = false;
};

/// Throws InputError with the reason for rejection.
[[nodiscard]] Model read_layers(const Json& model);

/// Returns the output at every token, at the working precision.
[[nodiscard]] std::vector<std::vector<Interval>> output_of(const Model& model,
                                                           std::vector<std::vector<Interval>> tokens);

}  // namespace promptbound::checker

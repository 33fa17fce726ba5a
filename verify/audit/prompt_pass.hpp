/// A certified pass of a soft prompt through a model: what the prompt's own tokens become, whatever follows
/// them.
///
/// In a causal model the tokens of a prompt see nothing else, so their states in every layer are numbers that
/// depend on the prompt alone. In a bidirectional model that holds for the first layer's inputs only.
#pragma once

#include <promptbound/transformer/trained_layer.hpp>

namespace promptbound {

/// The largest entry in absolute value, and the largest Euclidean norm of a token.
struct TokenSize {
  FastInterval entry, norm;
};

/// One head on the prompt's tokens, as they enter the scores: with biases, after rotary positions, and before
/// the division by sqrt(s).
struct PromptHead {
  TokenSize query, key, value;
  /// max |<q_i - q, k_j - k>|/sqrt(s) (scaled models) over the visible pairs, q and k being (nearly) the
  /// means: the score bound S of theory 4.2 for the prompt.
  FastInterval centred_score;
};

/// The pass at one working precision, which takes the layers one after the other. Intervals lose digits in
/// every layer, so that a pass that does not end tight is to be done again with more bits.
class PromptPass {
 public:
  /// Returns tokens: d x m, m >= 1, at the positions 0 .. m-1.
  PromptPass(const InputWeights& input, const Matrix<double>& tokens, long bits);

  /// Tells whether the prompt alone determines what the next layer does to its tokens.
  [[nodiscard]] bool is_determined() const { return is_determined_; }
  /// Takes the next layer; does nothing where that is not determined. Behind the last one no states are
  /// computed.
  void add(const TrainedLayer& layer, bool is_last);

  /// Returns the heads of each layer that the prompt determines: all layers of a causal model, else the
  /// first.
  [[nodiscard]] const std::vector<std::vector<PromptHead>>& heads() const { return heads_; }
  /// Tells whether all sizes are enclosed within 10^-12 of themselves, or below 2^-200.
  [[nodiscard]] bool is_tight() const { return is_tight_; }

 private:
  long bits_;
  Sequence<Interval> states_;
  bool is_determined_ = true, is_tight_ = true;
  std::vector<std::vector<PromptHead>> heads_;
};

}  // namespace promptbound

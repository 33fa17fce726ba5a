/// A certified pass of a soft prompt through a model: what the prompt's own tokens become, whatever follows
/// them.
///
/// In a causal model the tokens of a prompt see nothing else, so their states in every layer are numbers that
/// depend on the prompt alone. In a bidirectional model that holds for the first layer's inputs only.
#pragma once

#include <promptbound/models/language_model.hpp>

namespace promptbound {

/// Intervals lose digits in every layer, so the working precision is raised until the sizes are enclosed
/// within 10^-12 of themselves.

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

/// The heads of each layer that the prompt determines: all layers of a causal model, else the first.
/// tokens: d x m, at the positions 0 .. m-1.
[[nodiscard]] std::vector<std::vector<PromptHead>> prompt_pass(const LanguageModel& model,
                                                               const Matrix<double>& tokens);

}  // namespace promptbound

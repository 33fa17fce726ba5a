/// Lipschitz constants of a whole model, whatever the sequence length (theory 3.1).
#pragma once

#include <optional>
#include <vector>

#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/structure/spectral_norm.hpp>

namespace promptbound {

struct HeadNorms {
  NormBounds A, V;
};
struct FeedForwardNorms {
  NormBounds W_1, b_1, W_2, b_2;
};
struct MapNorms {
  std::vector<HeadNorms> heads;
  std::optional<FeedForwardNorms> ffn;
};

/// Returns the spectral norms of the maps of every layer, enclosed.
[[nodiscard]] std::vector<MapNorms> map_norms(const Transformer<Rational>& model);

/// One layer on sequences of tokens in the Euclidean ball of radius R: upper bounds, in the max-token
/// Euclidean norm. A block that is absent has constant 0.
struct LayerConstants {
  Rational R;         ///< of the tokens that enter the attention block
  Rational values;    ///< sum_h ||V_h||: how far the attention map moves a token, in units of R
  Rational c;         ///< attention map: sum_h ||V_h|| (1 + 2 ||A_h|| R^2)
  Rational R_middle;  ///< R (1 + sum_h ||V_h||): of the tokens that enter the feed-forward block
  Rational g;         ///< feed-forward map: ||W_1|| ||W_2||
  Rational R_out;     ///< R_middle (1 + g) + ||W_2|| ||b_1|| + ||b_2||
};

/// Returns the constants of all layers for input tokens of norm at most R >= 0. The same for both masks: a
/// causal softmax is a softmax over fewer tokens of the same ball.
[[nodiscard]] std::vector<LayerConstants> lipschitz_constants(const std::vector<MapNorms>& norms,
                                                              const Rational& R);

/// Returns prod (1 + c)(1 + g): Z -> T(Z) on the ball.
[[nodiscard]] Rational lipschitz_constant(const std::vector<LayerConstants>& layers);

}  // namespace promptbound

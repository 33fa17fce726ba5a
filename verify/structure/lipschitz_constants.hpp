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
  Rational R;                   ///< of the tokens that enter the attention block
  Rational D;                   ///< distance of two of these tokens of one sequence
  Rational values;              ///< sum_h ||V_h||: how far the attention map moves a token, in units of R
  Rational c;                   ///< attention map: sum_h ||V_h|| (||A_h|| D^2/4 + root_h)
  std::vector<Rational> roots;  ///< sqrt(1 + (||A_h|| R D/2)^2) of every head
  Rational R_middle;            ///< R (1 + sum_h ||V_h||): of the tokens that enter the feed-forward block
  Rational g;                   ///< feed-forward map: ||W_1|| ||W_2||
  Rational R_out;               ///< R_middle (1 + g) + ||W_2|| ||b_1|| + ||b_2||
};

/// The tokens of one sequence, prompt and input together.
struct TokenSet {
  Rational R;                   ///< Euclidean norm of a token, at most
  std::optional<Rational> D{};  ///< distance of two of them, at most; 2 R where nothing is said
};

/// Returns the constants of all layers (theory 3.1, for scores z_j^T A_h z_i). In the ball, D = 2 R, they are
/// the same for both masks, a causal softmax being a softmax over fewer tokens of the same ball, and c =
/// sum_h ||V_h|| (kappa_h + sqrt(1 + kappa_h^2)), kappa_h = ||A_h|| R^2. Where D is given it grows by the
/// factor 1 + sum_h ||V_h|| min(1, ||A_h|| D^2/4) in an attention block (causal: 1 + sum_h ||V_h||), by 1 + g
/// in a feed-forward block. Throws InputError for negative R or D.
[[nodiscard]] std::vector<LayerConstants> lipschitz_constants(const std::vector<MapNorms>& norms,
                                                              const TokenSet& tokens, Mask mask);

/// Returns prod (1 + c)(1 + g): Z -> T(Z) on the ball.
[[nodiscard]] Rational lipschitz_constant(const std::vector<LayerConstants>& layers);

}  // namespace promptbound

/// Norms, radii and Lipschitz constants of trained models: theory 3.1 and 4.2 with norms, biases, scaled
/// scores, rotary positions and gated feed-forward blocks.
///
/// Every upper end is an upper bound for all token sequences, whatever their length. Tokens in this comment:
/// those that a norm N puts out, N(x) = gain * u + bias with ||u|| <= sqrt(d).
#pragma once

#include <optional>

#include <promptbound/models/language_model.hpp>
#include <promptbound/numeric/matrices/ball_matrix.hpp>

namespace promptbound {

struct HeadMatrixNorms {
  /// ||A_h||, A_h = W_K^T W_Q/sqrt(s) (without the root in unscaled models). With rotary positions A_h
  /// depends on the distance of query and key, and this is ||W_K|| ||W_Q||/sqrt(s), which bounds all of them.
  /// Absent where norms of queries and keys make the scores no bilinear form.
  std::optional<FastInterval> A;
  FastInterval V;  ///< ||W_O W_V||
  /// Upper bounds over every token that the norm can put out: largest entries of query, key and value.
  FastInterval query_entry, key_entry, value_entry;
  /// Bound on the score after subtracting what biases contribute to all queries and to all keys: d ||D A_h
  /// D||, D = diag(gain) (theory 4.2). With rotary positions biases turn as well, nothing is common to all,
  /// and this bounds the score itself: (sqrt(d) ||W_Q D|| + ||b_Q||)(sqrt(d) ||W_K D|| + ||b_K||)/sqrt(s),
  /// the norm's bias being part of b. With norms on queries and keys it is Q K/sqrt(s), the product of
  /// the longest that these put out.
  FastInterval centred_score;
};

struct LayerMatrixNorms {
  std::vector<HeadMatrixNorms> heads;
  FastInterval W_1, W_2;  ///< ||W_1|| (gated: of the ungated map), ||W_2|| of the feed-forward block
  /// Radii of the tokens that enter the two maps: sqrt(d) max|gain| + ||bias||.
  FastInterval R_attention, R_ffn;
  /// Lipschitz constants of the maps on these balls: c = sum_h ||V_h|| (kappa_h + sqrt(1 + (kappa_h + R
  /// beta_h)^2)), kappa_h = ||A_h|| R^2, beta_h = ||W_K^T b_Q||/sqrt(s). With rotary positions, where each
  /// distance has an A of its own, sum_h ||V_h|| (1 + 2 kappa_h + R beta_h), beta_h = (||W_K|| ||b_Q|| +
  /// ||W_Q|| ||b_K||)/sqrt(s), since turned biases of keys are not the same for all. With norms on queries
  /// and keys, of Lipschitz constants l and with outputs of length at most Q and K, sum_h ||V_h|| (1 + R (K
  /// l_Q ||W_Q|| + Q l_K ||W_K||)/sqrt(s)). g = Lip(activation)
  /// ||W_1|| ||W_2||, or for gated blocks with |activation(x)| <= |x| g =
  /// ||W_2|| (Lip(activation) ||W_gate|| r_up + ||W_1|| r_gate), r the largest entry of the hidden vectors.
  FastInterval c, g;
  /// Lipschitz constants max|gain|/sqrt(eps) of the norm at each of the two blocks.
  FastInterval norm_1, norm_2;
  FastInterval reach;   ///< what the two blocks add to a token at most
  FastInterval norm_R;  ///< radius of the tokens that norm_2 puts out
  FastInterval R_out;   ///< radius of the tokens after the layer
};

struct ModelNorms {
  FastInterval R_in;  ///< radius of the embedded tokens and prompt tokens that enter the first block
  std::vector<LayerMatrixNorms> layers;
  /// Lipschitz constant of the final norm (of the embedding norm for models that norm after their blocks).
  FastInterval outer_norm;
  /// ln of the Lipschitz constant from the prompt's entries to the model's normed outputs, in the max-token
  /// Euclidean norm: outer_norm * prod (1 + norm_1 c)(1 + norm_2 g) for norms before the blocks, prod (1 +
  /// norm_1 c + norm_2 g) where both blocks see the same tokens, outer_norm * prod norm_1 (1 + c) norm_2 (1 +
  /// g) for norms after them, and the factor by which tokens are scaled. The constant itself overflows in
  /// deep models.
  Interval log_lipschitz;
};

/// Returns all of them but R_out. entering: the norm whose output enters the layer, in a model that norms
/// after its blocks. Layers can be taken in any order and at the same time.
[[nodiscard]] LayerMatrixNorms layer_norms(const ModelConfig& config, const TrainedLayer& layer,
                                           const std::optional<NormWeights>& entering);

/// Collects the norms of a model's layers, one after the other.
class MatrixNormCollector {
 public:
  /// Reads the embeddings and the model's last norm. prompt: d x m, or d x 0 without one.
  MatrixNormCollector(const LanguageModel& model, const InputWeights& input, const Matrix<double>& prompt);
  /// Returns the norm whose output enters the first layer of a model that norms after its blocks.
  [[nodiscard]] const std::optional<NormWeights>& entering() const { return entering_; }
  /// Takes the next layer's.
  void add(LayerMatrixNorms norms);
  /// Returns the norms of the layers that were taken; the collector is empty afterwards.
  [[nodiscard]] ModelNorms take() { return std::move(norms_); }

 private:
  std::optional<NormWeights> entering_;
  bool is_parallel_;
  FastInterval radius_;  ///< of the tokens that enter the next layer
  ModelNorms norms_;
};

/// Returns max ||p|| over the tokens.
[[nodiscard]] FastInterval largest_token(const Matrix<double>& tokens);

}  // namespace promptbound

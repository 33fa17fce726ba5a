#include <promptbound/verify/audit/activation.hpp>
#include <promptbound/verify/audit/model_norms.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>

namespace promptbound {
namespace {

FastInterval real(double x) { return FastInterval(x); }
FastInterval real(std::size_t count) { return FastInterval(static_cast<double>(count)); }
FastInterval vector_norm(const Vector<double>& v) { return euclidean_norm(BallMatrix(Matrix<double>(v))); }
FastInterval spectral(const Matrix<double>& A) { return norm_enclosure(BallMatrix(A)); }

/// Everything about a norm that bounds the tokens it puts out.
class NormBall {
 public:
  NormBall(const ModelConfig& config, const NormWeights& weights)
      : weights_(weights),
        root_d_(sqrt(real(config.width))),
        largest_gain_(weights.gain.cwiseAbs().maxCoeff()) {
    radius = root_d_ * largest_gain_ + vector_norm(weights.bias);
    lipschitz = largest_gain_ / sqrt(FastInterval(config.norm_epsilon));
  }

  FastInterval radius;     ///< sqrt(d) max|gain| + ||bias||
  FastInterval lipschitz;  ///< max|gain|/sqrt(eps)

  /// W D, D = diag(gain).
  [[nodiscard]] BallMatrix scaled(const Matrix<double>& W) const {
    return BallMatrix(W) * BallMatrix(Matrix<double>(weights_.gain.asDiagonal()));
  }
  /// Bounds on the entries of W x + b over all tokens x: sqrt(d) ||row of W D|| + |W bias + b|.
  [[nodiscard]] std::vector<FastInterval> entries(const Affine& map) const {
    const BallMatrix rows = scaled(map.W);
    const BallMatrix shift = BallMatrix(map.W) * BallMatrix(Matrix<double>(weights_.bias));
    std::vector<FastInterval> bounds;
    for (Index row = 0; row < rows.rows(); ++row) {
      const BallMatrix one(rows.mid().row(row), rows.rad().row(row));
      bounds.push_back(root_d_ * euclidean_norm(one) + abs(shift.entry(row, 0) + real(map.b(row))));
    }
    return bounds;
  }
  /// ||W bias + b||: the part of W x + b that all tokens have.
  [[nodiscard]] FastInterval common(const Affine& map) const {
    if (weights_.bias.isZero(0) && map.b.isZero(0)) return FastInterval(0);
    const BallMatrix shift = BallMatrix(map.W) * BallMatrix(Matrix<double>(weights_.bias));
    Matrix<FastInterval> sum = shift.entries();
    for (Index row = 0; row < sum.rows(); ++row) sum(row, 0) += real(map.b(row));
    return euclidean_norm(BallMatrix::around(sum));
  }

 private:
  const NormWeights& weights_;
  FastInterval root_d_, largest_gain_;
};

FastInterval largest(const std::vector<FastInterval>& bounds) {
  FastInterval result(0);
  for (const FastInterval& bound : bounds) result = max(result, bound);
  return result;
}

/// A rotation mixes the entries i and i + s/2.
std::vector<FastInterval> rotated(const std::vector<FastInterval>& bounds) {
  const std::size_t half = bounds.size() / 2;
  std::vector<FastInterval> result;
  for (std::size_t i = 0; i < half; ++i) {
    result.push_back(sqrt(bounds[i] * bounds[i] + bounds[i + half] * bounds[i + half]));
  }
  return result;
}

FastInterval score_scale(const ModelConfig& config) {
  return config.scaled ? FastInterval(1) / sqrt(real(config.head_width)) : FastInterval(1);
}

HeadNormsOfModel head_norms(const ModelConfig& config, const HeadWeights& head, const NormBall& ball) {
  const FastInterval scale = score_scale(config);
  const BallMatrix key_gain = ball.scaled(head.key.W), query_gain = ball.scaled(head.query.W);
  HeadNormsOfModel norms;
  std::vector<FastInterval> query = ball.entries(head.query), key = ball.entries(head.key);
  const FastInterval root_d = sqrt(real(config.width));
  FastInterval centred;
  if (config.rotary_base != 0) {
    norms.A = scale * (spectral(head.key.W) * spectral(head.query.W));
    centred = (root_d * norm_enclosure(key_gain) + ball.common(head.key)) *
              (root_d * norm_enclosure(query_gain) + ball.common(head.query));
    query = rotated(query);
    key = rotated(key);
  } else {
    norms.A = scale * product_norm(BallMatrix(head.key.W), BallMatrix(head.query.W));
    centred = real(config.width) * product_norm(key_gain, query_gain);
  }
  norms.V = product_norm(BallMatrix(Matrix<double>(head.output.transpose())), BallMatrix(head.value.W));
  norms.query_entry = largest(query);
  norms.key_entry = largest(key);
  norms.value_entry = largest(ball.entries(head.value));
  // Scores are exactly 0 where a factor is: enclosures of 0 are not, since they are rounded outward.
  const auto is_zero = [&](const Affine& map) {
    return map.W.isZero(0) && (config.rotary_base == 0 || map.b.isZero(0));
  };
  norms.centred_score = is_zero(head.key) || is_zero(head.query) ? FastInterval(0) : scale * centred;
  return norms;
}

/// ||W_K^T b_Q||, with rotary positions ||W_K|| ||b_Q|| + ||W_Q|| ||b_K||.
///
/// Theory 3.1 with biases: the score of query i and key j is <R_i (W_Q z_i + b_Q), R_j (W_K z_j +
/// b_K)>/sqrt(s), R the rotations. Its change with z_j has the factor ||W_K|| (||W_Q|| R + ||b_Q||). Its
/// change with z_i enters through the covariance of tokens and keys, at most R times the largest key ||W_K||
/// R + ||b_K||; without rotations b_K is the same for all keys and drops out.
FastInterval bias_score(const ModelConfig& config, const HeadWeights& head) {
  if (config.rotary_base != 0) {
    return spectral(head.key.W) * vector_norm(head.query.b) +
           spectral(head.query.W) * vector_norm(head.key.b);
  }
  return euclidean_norm(BallMatrix(head.key.W).transpose() * BallMatrix(Matrix<double>(head.query.b)));
}

/// What the attention map adds to a token at most: sum_h ||V_h|| R + ||sum_h W_O b_V + b_O||.
FastInterval attention_reach(const LayerWeights& layer, const LayerNormsOfModel& norms) {
  FastInterval sum(0);
  Matrix<FastInterval> constant(layer.output_bias.size(), 1);
  for (Index row = 0; row < constant.rows(); ++row) constant(row, 0) = real(layer.output_bias(row));
  for (std::size_t h = 0; h < layer.heads.size(); ++h) {
    const HeadWeights& head = layer.heads[h];
    sum += norms.heads[h].V * norms.R_attention;
    constant += (BallMatrix(head.output) * BallMatrix(Matrix<double>(head.value.b))).entries();
  }
  return sum + euclidean_norm(BallMatrix::around(constant));
}

struct FeedForwardBound {
  FastInterval g, reach;  ///< Lipschitz constant, and what the map adds to a token at most
};

FeedForwardBound feed_forward_bound(const ModelConfig& config, const LayerWeights& layer,
                                    const LayerNormsOfModel& norms, const NormBall& ball) {
  const FastInterval slope(lipschitz_constant(config.activation));
  const FastInterval up_norm = norms.W_1 * ball.radius + vector_norm(layer.up.b);
  const FastInterval constant = vector_norm(layer.down.b);
  if (!layer.gate) return {slope * norms.W_1 * norms.W_2, norms.W_2 * up_norm + constant};
  const FastInterval gate = spectral(layer.gate->W);
  const FastInterval r_up = largest(ball.entries(layer.up)), r_gate = largest(ball.entries(*layer.gate));
  return {norms.W_2 * (slope * gate * r_up + norms.W_1 * r_gate), norms.W_2 * r_gate * up_norm + constant};
}

FastInterval embedding_radius(const LanguageModel& model, const Matrix<double>& prompt) {
  const ModelConfig& config = model.config();
  FastInterval tokens = largest_token(prompt);
  constexpr std::size_t block = 4096;
  for (std::size_t first = 0; first < config.vocabulary; first += block) {
    tokens =
        max(tokens, largest_token(model.token_embeddings(first, std::min(block, config.vocabulary - first))));
  }
  if (config.rotary_base != 0) return tokens;
  return tokens + largest_token(model.position_codes(0, config.positions));
}

/// ln x for a number x >= 0 that is enclosed.
Interval log_of(const FastInterval& x) { return log(Interval(max(x, FastInterval(0)))); }

}  // namespace

FastInterval largest_token(const Matrix<double>& tokens) {
  FastInterval result(0);
  for (Index token = 0; token < tokens.cols(); ++token) result = max(result, vector_norm(tokens.col(token)));
  return result;
}

ModelNorms model_norms(const LanguageModel& model, const Matrix<double>& prompt) {
  const ModelConfig& config = model.config();
  ModelNorms result;
  // The norm whose output enters the next block of a model that norms after its blocks.
  std::optional<NormWeights> entering = config.norms_come_first() ? std::nullopt : model.embedding_norm();
  const std::optional<NormWeights> outer = config.norms_come_first() ? model.final_norm() : entering;
  result.outer_norm = NormBall(config, *outer).lipschitz;
  result.log_lipschitz = log_of(result.outer_norm);
  result.R_in = entering ? NormBall(config, *entering).radius : embedding_radius(model, prompt);
  FastInterval radius = result.R_in;
  for (std::size_t l = 0; l < config.layers; ++l) {
    const LayerWeights layer = model.layer(l);
    const NormBall ball_1(config, entering ? *entering : layer.norm_1);
    const NormBall ball_2(config, entering ? layer.norm_1 : layer.norm_2);
    LayerNormsOfModel norms;
    norms.R_attention = ball_1.radius;
    norms.R_ffn = ball_2.radius;
    norms.c = FastInterval(0);
    for (const HeadWeights& head : layer.heads) {
      const HeadNormsOfModel of_head = head_norms(config, head, ball_1);
      const FastInterval R = norms.R_attention;
      norms.c += of_head.V * (FastInterval(1) + FastInterval(2) * of_head.A * R * R +
                              R * bias_score(config, head) * score_scale(config));
      norms.heads.push_back(of_head);
    }
    norms.W_1 = spectral(layer.up.W);
    norms.W_2 = spectral(layer.down.W);
    const FeedForwardBound ffn = feed_forward_bound(config, layer, norms, ball_2);
    norms.g = ffn.g;
    norms.norm_1 = NormBall(config, layer.norm_1).lipschitz;
    norms.norm_2 = NormBall(config, layer.norm_2).lipschitz;
    const FastInterval one(1);
    if (entering) {
      result.log_lipschitz +=
          log_of(norms.norm_1) + log_of(one + norms.c) + log_of(norms.norm_2) + log_of(one + norms.g);
      radius = NormBall(config, layer.norm_2).radius;
      entering = layer.norm_2;
    } else {
      result.log_lipschitz += log_of(one + norms.norm_1 * norms.c) + log_of(one + norms.norm_2 * norms.g);
      radius = radius + attention_reach(layer, norms) + ffn.reach;
    }
    norms.R_out = radius;
    result.layers.push_back(std::move(norms));
  }
  return result;
}

}  // namespace promptbound

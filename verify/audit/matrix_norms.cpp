#include <functional>

#include <oneapi/tbb/parallel_for.h>

#include <promptbound/verify/audit/matrix_norms.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>

namespace promptbound {
namespace {

FastInterval real(double x) { return FastInterval(x); }
FastInterval real(std::size_t count) { return FastInterval(static_cast<double>(count)); }
FastInterval spectral(const Matrix<double>& A) { return norm_enclosure(BallMatrix(A)); }

FastInterval largest(const std::vector<FastInterval>& bounds) {
  FastInterval result(0);
  for (const FastInterval& bound : bounds) result = max(result, bound);
  return result;
}

/// Everything about a norm that bounds the tokens it puts out.
class NormBall {
 public:
  explicit NormBall(const NormWeights& weights)
      : weights_(weights),
        root_d_(sqrt(FastInterval(static_cast<double>(weights.gain.size())))),
        largest_gain_(weights.gain.cwiseAbs().maxCoeff()) {
    radius = root_d_ * largest_gain_ + euclidean_norm(weights.bias);
    lipschitz = largest_gain_ / sqrt(FastInterval(weights.epsilon));
  }

  FastInterval radius;     ///< sqrt(d) max|gain| + ||bias||
  FastInterval lipschitz;  ///< max|gain|/sqrt(eps)

  /// W D, D = diag(gain).
  [[nodiscard]] BallMatrix scaled(const Matrix<double>& W) const { return times_diagonal(W, weights_.gain); }
  /// Bounds on the entries of W x + b over all tokens x: sqrt(d) ||row of W D|| + |W bias + b|.
  [[nodiscard]] std::vector<FastInterval> entries(const Matrix<double>& W, const Vector<double>& b,
                                                  const BallMatrix& scaled) const {
    std::vector<FastInterval> bounds = row_norms(scaled);
    const Matrix<FastInterval> common = shift(W, b);
    for (std::size_t row = 0; row < bounds.size(); ++row) {
      bounds[row] = root_d_ * bounds[row] + abs(common(static_cast<Index>(row), 0));
    }
    return bounds;
  }
  /// The largest of these bounds.
  [[nodiscard]] FastInterval largest_entry(const Matrix<double>& W, const Vector<double>& b) const {
    return largest(entries(W, b, scaled(W)));
  }
  /// Bounds on the entries of the norm's own outputs: sqrt(d) |gain_i| + |bias_i|.
  [[nodiscard]] std::vector<FastInterval> own_entries() const {
    std::vector<FastInterval> bounds;
    for (Index i = 0; i < weights_.gain.size(); ++i) {
      bounds.push_back(root_d_ * abs(real(weights_.gain(i))) + abs(real(weights_.bias(i))));
    }
    return bounds;
  }
  /// ||W bias + b||: the part of W x + b that all tokens have.
  [[nodiscard]] FastInterval common(const Affine& map) const {
    return euclidean_norm(BallMatrix::around(shift(map.W, map.b)));
  }

 private:
  /// W bias + b
  [[nodiscard]] Matrix<FastInterval> shift(const Matrix<double>& W, const Vector<double>& b) const {
    Matrix<FastInterval> sum = b.unaryExpr([](double x) { return FastInterval(x); });
    if (!weights_.bias.isZero(0))
      sum += (BallMatrix(W) * BallMatrix(Matrix<double>(weights_.bias))).entries();
    return sum;
  }

  const NormWeights& weights_;
  FastInterval root_d_, largest_gain_;
};

/// A rotation mixes the entries i and i + t/2 of the first t.
std::vector<FastInterval> rotated(const RotaryPositions& rotary, std::vector<FastInterval> bounds) {
  const auto half = static_cast<std::size_t>(rotary.turned(static_cast<Index>(bounds.size())) / 2);
  for (std::size_t i = 0; i < half; ++i) {
    bounds[i] = bounds[i + half] = sqrt(bounds[i] * bounds[i] + bounds[i + half] * bounds[i + half]);
  }
  return bounds;
}

FastInterval score_scale(const ModelConfig& config) {
  return config.scaled ? FastInterval(1) / sqrt(real(config.head_width)) : FastInterval(1);
}

/// A projection to queries or keys, and what the scores take from it.
struct ScoreSide {
  const Affine& map;
  BallMatrix scaled;                  ///< W D
  std::vector<FastInterval> entries;  ///< bounds, after the rotations
  /// Where positions rotate or a norm follows: the Lipschitz constant of x -> W x + b, or of that norm of it,
  /// and a bound on the length of what comes out.
  FastInterval norm, longest;
  bool is_zero;

  ScoreSide(const Affine& of, const std::optional<RotaryPositions>& rotary,
            const std::optional<NormWeights>& head_norm, const NormBall& ball, const FastInterval& root_d)
      : map(of), scaled(ball.scaled(of.W)) {
    is_zero = of.W.isZero(0) && ((!rotary && !head_norm) || of.b.isZero(0));
    if (head_norm) {
      const NormBall own(*head_norm);
      is_zero = (is_zero || head_norm->gain.isZero(0)) && head_norm->bias.isZero(0);
      norm = own.lipschitz * spectral(of.W);
      longest = own.radius;
      entries = own.own_entries();
    } else {
      entries = ball.entries(of.W, of.b, scaled);
      if (!rotary) return;
      norm = spectral(of.W);
      longest = root_d * norm_enclosure(scaled) + ball.common(of);
    }
    if (rotary) entries = rotated(*rotary, std::move(entries));
  }
};

HeadMatrixNorms head_norms(const ModelConfig& config, const ScoreSide& query, const ScoreSide& key,
                           const FastInterval& value_entry, const FastInterval& V) {
  const FastInterval scale = score_scale(config);
  HeadMatrixNorms norms;
  FastInterval centred;
  if (config.head_norms) {
    centred = key.longest * query.longest;
  } else if (config.rotary) {
    norms.A = scale * (key.norm * query.norm);
    centred = key.longest * query.longest;
  } else {
    norms.A = scale * product_norm(BallMatrix(key.map.W), BallMatrix(query.map.W));
    centred = real(config.width) * product_norm(key.scaled, query.scaled);
  }
  norms.V = V;
  norms.query_entry = largest(query.entries);
  norms.key_entry = largest(key.entries);
  norms.value_entry = value_entry;
  // Scores are exactly 0 where a factor is: enclosures of 0 are not, since they are rounded outward.
  norms.centred_score = key.is_zero || query.is_zero ? FastInterval(0) : scale * centred;
  return norms;
}

/// ||W_K^T b_Q||, with rotary positions ||W_K|| ||b_Q|| + ||W_Q|| ||b_K||.
///
/// Theory 3.1 with biases: the score of query i and key j is <R_i (W_Q z_i + b_Q), R_j (W_K z_j +
/// b_K)>/sqrt(s), R the rotations. Its change with z_j has the factor ||W_K|| (||W_Q|| R + ||b_Q||). Its
/// change with z_i enters through the covariance of tokens and keys, at most R times the largest key ||W_K||
/// R + ||b_K||; without rotations b_K is the same for all keys and drops out.
FastInterval bias_score(const ModelConfig& config, const ScoreSide& query, const ScoreSide& key) {
  if (config.rotary) {
    return key.norm * euclidean_norm(query.map.b) + query.norm * euclidean_norm(key.map.b);
  }
  return euclidean_norm(BallMatrix(key.map.W).transpose() * BallMatrix(Matrix<double>(query.map.b)));
}

/// Of one head, without ||V||, on tokens of the ball of radius R: theory 3.1.
FastInterval attention_constant(const ModelConfig& config, const HeadMatrixNorms& head,
                                const ScoreSide& query, const ScoreSide& key, const FastInterval& R) {
  const FastInterval one(1), scale = score_scale(config);
  if (config.head_norms) {
    // Any scores that change by at most t times the largest change of a token: 1 + t R.
    return one + R * scale * (key.longest * query.norm + query.longest * key.norm);
  }
  const FastInterval kappa = *head.A * R * R, bias = R * bias_score(config, query, key) * scale;
  if (config.rotary) return one + FastInterval(2) * kappa + bias;
  const FastInterval side = kappa + bias;
  return kappa + sqrt(one + side * side);
}

/// A group of heads by itself.
struct GroupBounds {
  std::vector<HeadMatrixNorms> heads;
  std::vector<FastInterval> constants;  ///< attention_constant() of each head
  Matrix<FastInterval> output_bias;     ///< sum_h W_O b_V
};

GroupBounds group_bounds(const ModelConfig& config, const TrainedAttention& attention, const KeyGroup& group,
                         const NormBall& ball, const FastInterval& R) {
  const FastInterval root_d = sqrt(real(config.width));
  GroupBounds result;
  result.output_bias = Matrix<FastInterval>::Zero(attention.output_bias.size(), 1);
  const ScoreSide key(group.key, config.rotary, attention.key_norm, ball, root_d);
  const FastInterval value_entry = ball.largest_entry(group.value.W, group.value.b);
  for (const KeyGroup::QueryHead& head : group.queries) {
    const ScoreSide query(head.query, config.rotary, attention.query_norm, ball, root_d);
    const FastInterval V =
        product_norm(BallMatrix(Matrix<double>(head.output.transpose())), BallMatrix(group.value.W));
    result.heads.push_back(head_norms(config, query, key, value_entry, V));
    result.constants.push_back(attention_constant(config, result.heads.back(), query, key, R));
    if (!group.value.b.isZero(0)) {
      result.output_bias += (BallMatrix(head.output) * BallMatrix(Matrix<double>(group.value.b))).entries();
    }
  }
  return result;
}

/// Sets the heads and c, and returns what the attention map adds to a token at most:
/// sum_h ||V_h|| R + ||sum_h W_O b_V + b_O||.
FastInterval add_attention(const TrainedAttention& attention, const std::vector<GroupBounds>& groups,
                           LayerMatrixNorms& norms) {
  FastInterval sum(0);
  Matrix<FastInterval> constant = attention.output_bias.unaryExpr([](double x) { return FastInterval(x); });
  norms.c = FastInterval(0);
  for (const GroupBounds& group : groups) {
    for (std::size_t h = 0; h < group.heads.size(); ++h) {
      const HeadMatrixNorms& head = group.heads[h];
      norms.c += head.V * group.constants[h];
      sum += head.V * norms.R_attention;
      norms.heads.push_back(head);
    }
    constant += group.output_bias;
  }
  return sum + euclidean_norm(BallMatrix::around(constant));
}

struct FeedForwardBound {
  FastInterval g, reach;  ///< Lipschitz constant, and what the map adds to a token at most
};

FeedForwardBound feed_forward_bound(const TrainedFeedForward& ffn, const LayerMatrixNorms& norms,
                                    const FastInterval& gate, const NormBall& ball) {
  const FastInterval slope(lipschitz_constant(ffn.activation));
  const FastInterval up_norm = norms.W_1 * ball.radius + euclidean_norm(ffn.b_1);
  const FastInterval constant = euclidean_norm(ffn.b_2);
  if (!ffn.gate) return {slope * norms.W_1 * norms.W_2, norms.W_2 * up_norm + constant};
  const FastInterval r_up = ball.largest_entry(ffn.W_1, ffn.b_1),
                     r_gate = ball.largest_entry(ffn.gate->W, ffn.gate->b);
  return {norms.W_2 * (slope * gate * r_up + norms.W_1 * r_gate), norms.W_2 * r_gate * up_norm + constant};
}

FastInterval embedding_radius(const LanguageModel& model, const InputWeights& input,
                              const Matrix<double>& prompt) {
  const ModelConfig& config = model.config();
  FastInterval tokens = largest_token(prompt);
  constexpr std::size_t block = 4096;
  for (std::size_t first = 0; first < config.vocabulary; first += block) {
    tokens =
        max(tokens, largest_token(model.token_embeddings(first, std::min(block, config.vocabulary - first))));
  }
  if (input.scale) tokens *= abs(real(*input.scale));
  return input.position_codes ? tokens + largest_token(*input.position_codes) : tokens;
}

/// ln x for a number x >= 0 that is enclosed.
Interval log_of(const FastInterval& x) { return log(Interval(max(x, FastInterval(0)))); }

}  // namespace

FastInterval largest_token(const Matrix<double>& tokens) {
  FastInterval result(0);
  for (Index token = 0; token < tokens.cols(); ++token)
    result = max(result, euclidean_norm(tokens.col(token)));
  return result;
}

MatrixNormCollector::MatrixNormCollector(const LanguageModel& model, const InputWeights& input,
                                         const Matrix<double>& prompt)
    : entering_(model.config().norms_come_first() ? std::nullopt : input.norm),
      is_parallel_(model.config().norm_place == NormPlace::parallel) {
  const std::optional<NormWeights> outer = entering_ ? entering_ : model.final_norm();
  norms_.outer_norm = NormBall(*outer).lipschitz;
  norms_.log_lipschitz = log_of(norms_.outer_norm);
  if (input.scale) norms_.log_lipschitz += log_of(abs(real(*input.scale)));
  norms_.R_in = entering_ ? NormBall(*entering_).radius : embedding_radius(model, input, prompt);
  radius_ = norms_.R_in;
}

LayerMatrixNorms layer_norms(const ModelConfig& config, const TrainedLayer& layer,
                             const std::optional<NormWeights>& entering) {
  const NormBall ball_1(entering ? *entering : layer.norm_1);
  const NormBall ball_2(entering ? layer.norm_1 : layer.norm_2);
  LayerMatrixNorms norms;
  norms.R_attention = ball_1.radius;
  norms.R_ffn = ball_2.radius;
  // The pieces, the largest ones first, are worked on by whoever is free, one at a time; what they give is
  // put together in the layer's own order, so that the bounds do not depend on the number of threads.
  std::vector<GroupBounds> groups(layer.attention.groups.size());
  FastInterval gate(0);
  std::vector<std::function<void()>> pieces = {[&] { norms.W_1 = spectral(layer.ffn.W_1); },
                                               [&] { norms.W_2 = spectral(layer.ffn.W_2); }};
  if (layer.ffn.gate) pieces.emplace_back([&] { gate = spectral(layer.ffn.gate->W); });
  for (std::size_t g = 0; g < groups.size(); ++g) {
    pieces.emplace_back([&, g] {
      groups[g] = group_bounds(config, layer.attention, layer.attention.groups[g], ball_1, norms.R_attention);
    });
  }
  oneapi::tbb::parallel_for(
      std::size_t{0}, pieces.size(), [&](std::size_t i) { pieces[i](); }, oneapi::tbb::simple_partitioner());
  norms.reach = add_attention(layer.attention, groups, norms);
  const FeedForwardBound ffn = feed_forward_bound(layer.ffn, norms, gate, ball_2);
  norms.reach += ffn.reach;
  norms.g = ffn.g;
  norms.norm_1 = NormBall(layer.norm_1).lipschitz;
  const NormBall last(layer.norm_2);
  norms.norm_2 = last.lipschitz;
  norms.norm_R = last.radius;
  return norms;
}

void MatrixNormCollector::add(LayerMatrixNorms norms) {
  const FastInterval one(1);
  if (entering_) {
    norms_.log_lipschitz +=
        log_of(norms.norm_1) + log_of(one + norms.c) + log_of(norms.norm_2) + log_of(one + norms.g);
    radius_ = norms.norm_R;
  } else if (is_parallel_) {
    norms_.log_lipschitz += log_of(one + norms.norm_1 * norms.c + norms.norm_2 * norms.g);
    radius_ += norms.reach;
  } else {
    norms_.log_lipschitz += log_of(one + norms.norm_1 * norms.c) + log_of(one + norms.norm_2 * norms.g);
    radius_ += norms.reach;
  }
  norms.R_out = radius_;
  norms_.layers.push_back(std::move(norms));
}

}  // namespace promptbound

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <promptbound/verify/audit/norm_enclosure.hpp>
#include <promptbound/verify/recall/ball_layer.hpp>

namespace promptbound {
namespace {

double above(const FastInterval& x) { return x.upper(); }

double frobenius_above(const Matrix<double>& M) {
  return above(euclidean_norm(Eigen::Map<const Vector<double>>(M.data(), M.size())));
}

/// A map whose rows are `heads` heads, one below the other; without gain where the tokens come from no norm.
BallMap ball_map(const Matrix<double>& W, Vector<double> bias, const Vector<double>* gain,
                 std::size_t heads) {
  const Vector<double> ones = Vector<double>::Ones(W.cols());
  const Vector<double>& g = gain != nullptr ? *gain : ones;
  BallMap map{Slices::of_rows(TwofoldMatrix(W)), std::move(bias), 0, frobenius_above(W), 0, {}};
  map.norm = above(norm_enclosure(times_diagonal(W, g)));
  map.bias_norm = above(euclidean_norm(map.bias));
  const Index s = heads == 0 ? 0 : W.rows() / static_cast<Index>(heads);
  for (std::size_t h = 0; h < heads; ++h) {
    const Matrix<double> rows = W.middleRows(static_cast<Index>(h) * s, s);
    map.head_norm.push_back(above(norm_enclosure(times_diagonal(rows, g))));
  }
  return map;
}

struct Stacked {
  Matrix<double> W;
  Vector<double> b;

  Stacked(Index rows, Index columns) : W(rows, columns), b(rows) {}
  void put(Index at, const Affine& map) {
    W.middleRows(at, map.W.rows()) = map.W;
    b.segment(at, map.b.size()) = map.b;
  }
};

}  // namespace

bool is_binary32(const Eigen::Ref<const Matrix<double>>& M) {
  for (const double x : M.reshaped()) {
    if (static_cast<double>(static_cast<float>(x)) != x) return false;
  }
  return true;
}

BallNorm ball_norm(const NormWeights& weights) {
  BallNorm norm{weights, weights.gain.cwiseAbs().maxCoeff(), above(euclidean_norm(weights.bias)), 0};
  norm.epsilon_below = std::max(0.0, FastInterval(weights.epsilon).lower());
  return norm;
}

// The structured bindings name every member: a layer that gains one does not compile here before somebody has
// said what the balls do with it.

std::string beyond_balls(const TrainedLayer& layer) {
  const auto& [norms, norm_1, norm_2, attention, ffn] = layer;
  const auto& [groups, output_bias, mask, score_divisor, rotary, query_norm, key_norm, relative_biases] =
      attention;
  const auto& [W_1, b_1, gate, activation, W_2, b_2] = ffn;
  if (norms != NormPlace::before) return "norms that do not stand before the blocks";
  if (mask != Mask::causal) return "attention that is not causal";
  if (groups.empty()) return "a layer without heads";
  if (query_norm || key_norm) return "norms on queries and keys";
  if (relative_biases) return "biases of scores by distance";
  if (rotary && rotary->entries) return "rotary positions of a part of each head";
  switch (activation) {
    case Activation::relu:
    case Activation::gelu:
    case Activation::gelu_tanh:
    case Activation::gelu_fast:
    case Activation::silu:
      return "";
    default:
      return "the activation " + std::string(name(activation));
  }
}

std::string beyond_balls(const InputWeights& input) {
  const auto& [position_codes, common_code, norm, scale] = input;
  if (scale) return "scaled tokens";
  return norm ? "a norm before the first layer" : "";
}

BallLayer ball_layer(const TrainedLayer& layer, int threads) {
  const TrainedAttention& attention = layer.attention;
  const std::size_t groups = attention.groups.size(), shared = attention.groups.front().queries.size();
  const Index d = layer.norm_1.gain.size(), s = attention.groups.front().key.W.rows();
  BallLayer made;
  made.norm_1 = ball_norm(layer.norm_1);
  made.norm_2 = ball_norm(layer.norm_2);
  made.heads = groups * shared;
  made.key_heads = groups;
  made.head_width = s;
  made.score_divisor = attention.score_divisor;
  made.rotary = attention.rotary;
  made.activation = layer.ffn.activation;
  Stacked query(static_cast<Index>(made.heads) * s, d), key(static_cast<Index>(groups) * s, d),
      value(static_cast<Index>(groups) * s, d);
  Matrix<double> output(d, static_cast<Index>(made.heads) * s);
  for (std::size_t g = 0; g < groups; ++g) {
    const KeyGroup& group = attention.groups[g];
    key.put(static_cast<Index>(g) * s, group.key);
    value.put(static_cast<Index>(g) * s, group.value);
    for (std::size_t q = 0; q < shared; ++q) {
      const Index at = static_cast<Index>(g * shared + q) * s;
      query.put(at, group.queries[q].query);
      output.middleCols(at, s) = group.queries[q].output;
    }
  }
  const Vector<double>&g_1 = layer.norm_1.gain, &g_2 = layer.norm_2.gain;
  const std::vector<std::function<void()>> pieces = {
      [&] { made.up = ball_map(layer.ffn.W_1, layer.ffn.b_1, &g_2, 0); },
      [&] { made.down = ball_map(layer.ffn.W_2, layer.ffn.b_2, nullptr, 0); },
      [&] {
        if (layer.ffn.gate) made.gate = ball_map(layer.ffn.gate->W, layer.ffn.gate->b, &g_2, 0);
      },
      [&] { made.query = ball_map(query.W, query.b, &g_1, made.heads); },
      [&] { made.key = ball_map(key.W, key.b, &g_1, groups); },
      [&] { made.value = ball_map(value.W, value.b, &g_1, groups); },
      [&] { made.output = ball_map(output, attention.output_bias, nullptr, 0); }};
  oneapi::tbb::task_arena arena(threads);
  arena.execute(
      [&] { oneapi::tbb::parallel_for(std::size_t{0}, pieces.size(), [&](std::size_t i) { pieces[i](); }); });
  made.is_binary32 = is_binary32(query.W) && is_binary32(key.W) && is_binary32(value.W) &&
                     is_binary32(output) && is_binary32(query.b) && is_binary32(key.b) &&
                     is_binary32(value.b) && is_binary32(attention.output_bias) &&
                     is_binary32(layer.ffn.W_1) && is_binary32(layer.ffn.b_1) && is_binary32(layer.ffn.W_2) &&
                     is_binary32(layer.ffn.b_2) && is_binary32(g_1) && is_binary32(g_2) &&
                     is_binary32(layer.norm_1.bias) && is_binary32(layer.norm_2.bias) &&
                     (!layer.ffn.gate || (is_binary32(layer.ffn.gate->W) && is_binary32(layer.ffn.gate->b)));
  return made;
}

}  // namespace promptbound

#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/check/model.hpp>

namespace promptbound::checker {
namespace {

using Token = std::vector<Interval>;

Matrix<Rational> shaped(const Json& object, const char* name, Index rows, Index columns) {
  Matrix<Rational> M = matrix_from(member(object, name, "model"), name);
  require((rows < 0 || M.rows() == rows) && (columns < 0 || M.cols() == columns), "model: shapes do not fit");
  return M;
}

Token transformed(const Matrix<Rational>& M, const Token& z) {
  Token result;
  for (Index row = 0; row < M.rows(); ++row) {
    Interval sum(0);
    for (Index column = 0; column < M.cols(); ++column) {
      if (M(row, column) != 0) sum += Interval(M(row, column)) * z[static_cast<std::size_t>(column)];
    }
    result.push_back(sum);
  }
  return result;
}

/// sum_j e^{s_j} v_j / sum_j e^{s_j} over the first `visible` tokens.
Token attention(const std::vector<Token>& keys, const std::vector<Token>& values, const Token& query,
                std::size_t visible) {
  std::vector<Interval> scores;
  for (std::size_t j = 0; j < visible; ++j) {
    Interval score(0);
    for (std::size_t a = 0; a < query.size(); ++a) score += keys[j][a] * query[a];
    scores.push_back(score);
  }
  // Subtracting one number from all scores changes nothing but keeps the exponentials in range.
  Interval shift = scores[0];
  for (const Interval& score : scores) shift = max(shift, score);
  shift = shift.midpoint();
  Interval total(0);
  Token sum(values[0].size(), Interval(0));
  for (std::size_t j = 0; j < visible; ++j) {
    const Interval weight = exp(scores[j] - shift);
    total += weight;
    for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += weight * values[j][c];
  }
  for (Interval& entry : sum) entry /= total;
  return sum;
}

}  // namespace

Model read_layers(const Json& json) {
  Model model;
  require(integer_from(member(json, "schema", "model"), "model.schema") == 1, "model: schema 1 is needed");
  const Integer width = integer_from(member(json, "d", "model"), "model.d");
  require(width >= 1 && width <= 100000, "model.d: a width from 1 to 100000 is needed");
  model.width = width.convert_to<Index>();
  const Index d = model.width;
  const Json& layers = member(json, "layers", "model");
  require(layers.is_array(), "model.layers: an array is needed");
  for (const Json& entry : layers) {
    LayerWeights& layer = model.layers.emplace_back();
    const Json& heads = member(entry, "heads", "layer");
    require(heads.is_array(), "model.heads: an array is needed");
    for (const Json& weights : heads) {
      Head head;
      head.W_Q = shaped(weights, "W_Q", -1, d);
      head.W_K = shaped(weights, "W_K", head.W_Q.rows(), d);
      head.V = shaped(weights, "W_V", -1, d);
      if (weights.contains("W_O")) head.V = product(shaped(weights, "W_O", -1, head.V.rows()), head.V);
      require(head.V.rows() == d, "model: shapes do not fit");
      layer.heads.push_back(std::move(head));
    }
    if (!entry.contains("ffn")) continue;
    const Json& ffn = entry["ffn"];
    Block block;
    block.W_1 = shaped(ffn, "W_1", -1, d);
    block.b_1 = sized_vector(member(ffn, "b_1", "ffn"), block.W_1.rows(), "b_1");
    block.W_2 = shaped(ffn, "W_2", d, block.W_1.rows());
    block.b_2 = sized_vector(member(ffn, "b_2", "ffn"), d, "b_2");
    layer.ffn = std::move(block);
  }
  const Json& causal = member(json, "causal", "model");
  require(causal.is_boolean(), "model.causal: true or false is needed");
  model.causal = causal.get<bool>();
  return model;
}

std::vector<Token> output_of(const Model& model, std::vector<Token> tokens) {
  for (const LayerWeights& layer : model.layers) {
    std::vector<Token> result = tokens;
    for (const Head& head : layer.heads) {
      std::vector<Token> keys, values;
      for (const Token& token : tokens) {
        keys.push_back(transformed(head.W_K, token));
        values.push_back(transformed(head.V, token));
      }
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        const Token mean =
            attention(keys, values, transformed(head.W_Q, tokens[i]), model.causal ? i + 1 : tokens.size());
        for (std::size_t c = 0; c < mean.size(); ++c) result[i][c] += mean[c];
      }
    }
    tokens = std::move(result);
    if (!layer.ffn) continue;
    for (Token& token : tokens) token = layer.ffn->image(token);
  }
  return tokens;
}

}  // namespace promptbound::checker

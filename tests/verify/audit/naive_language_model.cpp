#include "naive_language_model.hpp"

#include <cmath>

namespace naive {
namespace {

const Real pi = std::acos(Real(-1));

/// Rows first .. first + count - 1 of an out x in matrix stored in C order.
Rows matrix_rows(const std::vector<double>& values, std::size_t in, std::size_t first, std::size_t count) {
  Rows rows(count, Row(in));
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < in; ++j) rows[i][j] = values[(first + i) * in + j];
  }
  return rows;
}
/// The same of an in x out matrix: its columns.
Rows matrix_columns(const std::vector<double>& values, std::size_t out, std::size_t in, std::size_t first,
                    std::size_t count) {
  Rows rows(count, Row(in));
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < in; ++j) rows[i][j] = values[j * out + first + i];
  }
  return rows;
}
Row vector_part(const Weights& weights, const std::string& name, std::size_t first, std::size_t count) {
  const auto place = weights.find(name);
  Row row(count, 0);
  for (std::size_t i = 0; place != weights.end() && i < count; ++i) row[i] = place->second[first + i];
  return row;
}

Row apply(const Rows& W, const Row& b, const Row& x) {
  Row y = b;
  for (std::size_t i = 0; i < W.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) y[i] += W[i][j] * x[j];
  }
  return y;
}

Real activation(const Shape& shape, Real x) {
  if (shape.family == "bert") return x * std::erfc(-x / std::sqrt(Real(2))) / 2;
  if (shape.family == "llama") return x / (1 + std::exp(-x));
  const Real scale = shape.gelu_fast ? 0.7978845608L : std::sqrt(2 / pi);
  return x / 2 * (1 + std::tanh(scale * (x + Real(44715) / 1000000 * x * x * x)));
}

Row normed(const Weights& weights, const Shape& shape, const std::string& name, Row x) {
  Real mean = 0, square = 0;
  for (const Real entry : x) mean += entry / static_cast<Real>(shape.d);
  if (shape.family == "llama") mean = 0;
  for (Real& entry : x) {
    entry -= mean;
    square += entry * entry / static_cast<Real>(shape.d);
  }
  const Row gain = vector_part(weights, name + ".weight", 0, shape.d),
            bias = vector_part(weights, name + ".bias", 0, shape.d);
  for (std::size_t i = 0; i < shape.d; ++i) x[i] = gain[i] * x[i] / std::sqrt(square + shape.eps) + bias[i];
  return x;
}

Rows all_normed(const Weights& weights, const Shape& shape, const std::string& name, Rows X) {
  for (Row& x : X) x = normed(weights, shape, name, x);
  return X;
}

struct Names {
  std::string layer, query, key, value, output, up, gate, down, norm_1, norm_2;
};

Names names(const Shape& shape, std::size_t l) {
  const std::string number = std::to_string(l) + ".";
  if (shape.family == "gpt2") {
    const std::string layer = shape.prefix + "h." + number;
    return {layer,
            layer + "attn.c_attn",
            "",
            "",
            layer + "attn.c_proj",
            layer + "mlp.c_fc",
            "",
            layer + "mlp.c_proj",
            layer + "ln_1",
            layer + "ln_2"};
  }
  if (shape.family == "llama") {
    const std::string layer = shape.prefix + "layers." + number, a = layer + "self_attn.", m = layer + "mlp.";
    return {layer,
            a + "q_proj",
            a + "k_proj",
            a + "v_proj",
            a + "o_proj",
            m + "up_proj",
            m + "gate_proj",
            m + "down_proj",
            layer + "input_layernorm",
            layer + "post_attention_layernorm"};
  }
  const std::string layer = shape.prefix + "encoder.layer." + number, a = layer + "attention.self.";
  return {layer,
          a + "query",
          a + "key",
          a + "value",
          layer + "attention.output.dense",
          layer + "intermediate.dense",
          "",
          layer + "output.dense",
          layer + "attention.output.LayerNorm",
          layer + "output.LayerNorm"};
}

/// The frequency of a pair by the cases of the published definition.
Real frequency(const Shape& shape, std::size_t i) {
  const Real plain = std::pow(shape.rotary_base, -2 * static_cast<Real>(i) / static_cast<Real>(shape.s));
  const auto& scaling = shape.llama3;
  if (scaling.factor == 0) return plain;
  const Real wavelength = 2 * std::acos(-1.0L) / plain;
  if (wavelength < scaling.original / scaling.high) return plain;
  if (wavelength > scaling.original / scaling.low) return plain / scaling.factor;
  const Real smooth = (scaling.original / wavelength - scaling.low) / (scaling.high - scaling.low);
  return (1 - smooth) * plain / scaling.factor + smooth * plain;
}

Rows rotated(const Shape& shape, Rows X) {
  if (shape.rotary_base == 0) return X;
  for (std::size_t position = 0; position < X.size(); ++position) {
    for (std::size_t i = 0; i < shape.s / 2; ++i) {
      const Real angle = static_cast<Real>(position) * frequency(shape, i);
      Real& a = X[position][i];
      Real& b = X[position][i + shape.s / 2];
      const Real new_a = a * std::cos(angle) - b * std::sin(angle);
      b = b * std::cos(angle) + a * std::sin(angle);
      a = new_a;
    }
  }
  return X;
}

Rows attention(const Weights& weights, const Shape& shape, std::size_t l, const Rows& U,
               std::vector<Head>& heads) {
  const Names name = names(shape, l);
  Rows sum(U.size(), vector_part(weights, name.output + ".bias", 0, shape.d));
  for (std::size_t h = 0; h < shape.heads; ++h) {
    const HeadMatrices W = head_matrices(weights, shape, l, h);
    const std::size_t shared = h / (shape.heads / shape.key_heads);
    const bool joined = shape.family == "gpt2";
    const Row b_V = vector_part(weights, (joined ? name.query : name.value) + ".bias",
                                (joined ? 2 * shape.d : 0) + shared * shape.s, shape.s);
    Head head;
    for (const Row& u : U) {
      head.q.push_back(apply(W.W_Q, W.b_Q, u));
      head.k.push_back(apply(W.W_K, W.b_K, u));
      head.v.push_back(apply(W.W_V, b_V, u));
    }
    head.q = rotated(shape, head.q);
    head.k = rotated(shape, head.k);
    for (std::size_t i = 0; i < U.size(); ++i) {
      const std::size_t visible = shape.family == "bert" ? U.size() : i + 1;
      Row mean(shape.s, 0);
      Real total = 0;
      for (std::size_t j = 0; j < visible; ++j) {
        Real score = 0;
        for (std::size_t c = 0; c < shape.s; ++c) score += head.q[i][c] * head.k[j][c];
        const Real weight = std::exp(score / std::sqrt(static_cast<Real>(shape.s)));
        total += weight;
        for (std::size_t c = 0; c < shape.s; ++c) mean[c] += weight * head.v[j][c];
      }
      for (Real& entry : mean) entry /= total;
      for (std::size_t r = 0; r < shape.d; ++r) {
        for (std::size_t c = 0; c < shape.s; ++c) sum[i][r] += W.W_O[r][c] * mean[c];
      }
    }
    heads.push_back(std::move(head));
  }
  return sum;
}

Rows feed_forward(const Weights& weights, const Shape& shape, std::size_t l, const Rows& U) {
  const Names name = names(shape, l);
  const Rows W_1 = up_matrix(weights, shape, l), W_2 = down_matrix(weights, shape, l);
  const Row b_1 = vector_part(weights, name.up + ".bias", 0, shape.hidden),
            b_2 = vector_part(weights, name.down + ".bias", 0, shape.d);
  Rows result;
  for (const Row& u : U) {
    Row hidden = apply(W_1, b_1, u);
    if (shape.family == "llama") {
      const Row gate = apply(matrix_rows(weights.at(name.gate + ".weight"), shape.d, 0, shape.hidden),
                             Row(shape.hidden, 0), u);
      for (std::size_t i = 0; i < shape.hidden; ++i) hidden[i] *= activation(shape, gate[i]);
    } else {
      for (Real& x : hidden) x = activation(shape, x);
    }
    result.push_back(apply(W_2, b_2, hidden));
  }
  return result;
}

void add(Rows& X, const Rows& Y) {
  for (std::size_t i = 0; i < X.size(); ++i) {
    for (std::size_t j = 0; j < X[i].size(); ++j) X[i][j] += Y[i][j];
  }
}

}  // namespace

HeadMatrices head_matrices(const Weights& weights, const Shape& shape, std::size_t layer, std::size_t h) {
  const Names name = names(shape, layer);
  const std::size_t d = shape.d, s = shape.s, all = shape.heads * s;
  HeadMatrices W;
  W.W_O.assign(d, Row(s));
  if (shape.family == "gpt2") {
    const auto& joined = weights.at(name.query + ".weight");
    W.W_Q = matrix_columns(joined, 3 * d, d, h * s, s);
    W.W_K = matrix_columns(joined, 3 * d, d, d + h * s, s);
    W.W_V = matrix_columns(joined, 3 * d, d, 2 * d + h * s, s);
    W.W_O = transposed(matrix_rows(weights.at(name.output + ".weight"), d, h * s, s));
  } else {
    const std::size_t shared = h / (shape.heads / shape.key_heads);
    W.W_Q = matrix_rows(weights.at(name.query + ".weight"), d, h * s, s);
    W.W_K = matrix_rows(weights.at(name.key + ".weight"), d, shared * s, s);
    W.W_V = matrix_rows(weights.at(name.value + ".weight"), d, shared * s, s);
    const auto& output = weights.at(name.output + ".weight");
    for (std::size_t r = 0; r < d; ++r) {
      for (std::size_t c = 0; c < s; ++c) W.W_O[r][c] = output[r * all + h * s + c];
    }
  }
  W.b_Q = vector_part(weights, name.query + ".bias", h * s, s);
  W.b_K = shape.family == "gpt2"
              ? vector_part(weights, name.query + ".bias", d + h * s, s)
              : vector_part(weights, name.key + ".bias", h / (shape.heads / shape.key_heads) * s, s);
  return W;
}

Rows up_matrix(const Weights& weights, const Shape& shape, std::size_t layer) {
  const auto& values = weights.at(names(shape, layer).up + ".weight");
  if (shape.family == "gpt2") return matrix_columns(values, shape.hidden, shape.d, 0, shape.hidden);
  return matrix_rows(values, shape.d, 0, shape.hidden);
}

Rows down_matrix(const Weights& weights, const Shape& shape, std::size_t layer) {
  const auto& values = weights.at(names(shape, layer).down + ".weight");
  if (shape.family == "gpt2") return matrix_columns(values, shape.d, shape.hidden, 0, shape.d);
  return matrix_rows(values, shape.hidden, 0, shape.d);
}

Pass evaluate(const Weights& weights, const Shape& shape, const Rows& tokens) {
  Pass pass;
  Rows Z = tokens;
  const bool bert = shape.family == "bert";
  for (std::size_t i = 0; i < Z.size() && shape.family != "llama"; ++i) {
    const std::string table = bert ? "embeddings.position_embeddings.weight" : "wpe.weight";
    const Row code = vector_part(weights, shape.prefix + table, i * shape.d, shape.d);
    const Row type =
        vector_part(weights, shape.prefix + "embeddings.token_type_embeddings.weight", 0, shape.d);
    for (std::size_t c = 0; c < shape.d; ++c) Z[i][c] += code[c] + type[c];
  }
  if (bert) Z = all_normed(weights, shape, shape.prefix + "embeddings.LayerNorm", Z);
  for (std::size_t l = 0; l < shape.layers; ++l) {
    const Names name = names(shape, l);
    pass.heads.emplace_back();
    add(Z, attention(weights, shape, l, bert ? Z : all_normed(weights, shape, name.norm_1, Z),
                     pass.heads.back()));
    if (bert) Z = all_normed(weights, shape, name.norm_1, Z);
    add(Z, feed_forward(weights, shape, l, bert ? Z : all_normed(weights, shape, name.norm_2, Z)));
    if (bert) Z = all_normed(weights, shape, name.norm_2, Z);
    pass.states.push_back(Z);
  }
  pass.output =
      bert ? Z : all_normed(weights, shape, shape.prefix + (shape.family == "gpt2" ? "ln_f" : "norm"), Z);
  return pass;
}

Rows product(const Rows& A, const Rows& B) {
  Rows C(A.size(), Row(B.front().size(), 0));
  for (std::size_t i = 0; i < A.size(); ++i) {
    for (std::size_t k = 0; k < B.size(); ++k) {
      for (std::size_t j = 0; j < B.front().size(); ++j) C[i][j] += A[i][k] * B[k][j];
    }
  }
  return C;
}

Rows transposed(const Rows& A) {
  Rows T(A.front().size(), Row(A.size()));
  for (std::size_t i = 0; i < A.size(); ++i) {
    for (std::size_t j = 0; j < A.front().size(); ++j) T[j][i] = A[i][j];
  }
  return T;
}

Real norm(const Row& x) {
  Real sum = 0;
  for (const Real entry : x) sum += entry * entry;
  return std::sqrt(sum);
}

Real largest_entry(const Rows& X) {
  Real largest = 0;
  for (const Row& x : X) {
    for (const Real entry : x) largest = std::max(largest, std::abs(entry));
  }
  return largest;
}

Real largest_norm(const Rows& X) {
  Real largest = 0;
  for (const Row& x : X) largest = std::max(largest, norm(x));
  return largest;
}

Real spectral_norm(const Rows& A) {
  const Rows G = A.size() < A.front().size() ? product(A, transposed(A)) : product(transposed(A), A);
  Row x(G.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1 + std::sin(static_cast<Real>(7 * i + 1));
  Real value = 0;
  for (int step = 0; step < 5000; ++step) {
    Row y = apply(G, Row(G.size(), 0), x);
    value = norm(y) / norm(x);
    const Real length = norm(y);
    for (Real& entry : y) entry /= length;
    x = std::move(y);
  }
  return std::sqrt(value);
}

}  // namespace naive

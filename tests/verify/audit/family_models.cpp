#include "family_models.hpp"

#include <cmath>

#include <promptbound/models/safetensors.hpp>

namespace naive {
namespace {

using promptbound::WrittenTensors;

constexpr std::size_t d = 8;
const std::string both_layers[] = {"0.", "1."};

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  void table(const std::string& name, std::vector<std::size_t> shape, double shift = 0) {
    std::size_t size = 1;
    for (const std::size_t side : shape) size *= side;
    std::vector<double> values(size);
    // Of few bits, so that 1 + x is a binary64 number too.
    for (double& x : values)
      x = shift + static_cast<double>(random_.integer(-(1 << 19), 1 << 19)) / (1 << 20);
    tensors[name] = {std::move(shape), std::move(values)};
  }
  void linear(const std::string& name, std::size_t out, std::size_t in, bool bias) {
    table(name + ".weight", {out, in});
    if (bias) table(name + ".bias", {out});
  }
  void norm(const std::string& name, std::size_t size, bool bias, double shift = 1) {
    table(name + ".weight", {size}, shift);
    if (bias) table(name + ".bias", {size});
  }

  WrittenTensors tensors;

 private:
  promptbound::RandomNumbers random_;
};

/// The pieces that passes are made of, over the tensors of one model; tokens are rows.
class Net {
 public:
  explicit Net(const WrittenTensors& tensors) : tensors_(tensors) {}

  [[nodiscard]] Row values(const std::string& name) const {
    const auto& stored = tensors_.at(name).values;
    return {stored.begin(), stored.end()};
  }
  [[nodiscard]] Row row(const std::string& name, std::size_t number) const {
    const Row all = values(name);
    return {all.begin() + static_cast<std::ptrdiff_t>(number * d),
            all.begin() + static_cast<std::ptrdiff_t>((number + 1) * d)};
  }
  [[nodiscard]] Rows linear(const std::string& name, const Rows& X) const {
    const Row W = values(name + ".weight");
    const std::size_t in = X.front().size(), out = W.size() / in;
    const Row bias = tensors_.contains(name + ".bias") ? values(name + ".bias") : Row(out, 0);
    Rows Y;
    for (const Row& x : X) {
      Row y = bias;
      for (std::size_t i = 0; i < out; ++i) {
        for (std::size_t j = 0; j < in; ++j) y[i] += W[i * in + j] * x[j];
      }
      Y.push_back(y);
    }
    return Y;
  }
  [[nodiscard]] Rows layer_norm(const std::string& name, Rows X, Real eps) const {
    const Row gain = values(name + ".weight"), bias = values(name + ".bias");
    for (Row& x : X) {
      Real mean = 0, variance = 0;
      for (const Real e : x) mean += e / static_cast<Real>(x.size());
      for (const Real e : x) variance += (e - mean) * (e - mean) / static_cast<Real>(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = (x[i] - mean) / std::sqrt(variance + eps) * gain[i] + bias[i];
      }
    }
    return X;
  }
  [[nodiscard]] Rows rms_norm(const std::string& name, Rows X, Real eps, Real offset = 0) const {
    const Row gain = values(name + ".weight");
    for (Row& x : X) {
      Real square = 0;
      for (const Real e : x) square += e * e / static_cast<Real>(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = x[i] / std::sqrt(square + eps) * (offset + gain[i]);
    }
    return X;
  }

 private:
  const WrittenTensors& tensors_;
};

Rows map(Rows X, Real (*f)(Real)) {
  for (Row& x : X) {
    for (Real& e : x) e = f(e);
  }
  return X;
}
Real gelu(Real x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0L))); }
Real gelu_tanh(Real x) {
  return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0L)) * (x + 0.044715L * x * x * x)));
}
Real silu(Real x) { return x / (1 + std::exp(-x)); }
Real relu(Real x) { return x > 0 ? x : 0; }

Rows sum(Rows X, const Rows& Y) {
  for (std::size_t i = 0; i < X.size(); ++i) {
    for (std::size_t c = 0; c < X[i].size(); ++c) X[i][c] += Y[i][c];
  }
  return X;
}
Rows entrywise(Rows X, const Rows& Y) {
  for (std::size_t i = 0; i < X.size(); ++i) {
    for (std::size_t c = 0; c < X[i].size(); ++c) X[i][c] *= Y[i][c];
  }
  return X;
}
Rows some_entries(const Rows& X, std::size_t first, std::size_t count) {
  Rows Y;
  for (const Row& x : X) {
    Y.emplace_back(x.begin() + static_cast<std::ptrdiff_t>(first),
                   x.begin() + static_cast<std::ptrdiff_t>(first + count));
  }
  return Y;
}

/// The first `count` entries of each token turn with its position.
Rows turned(Rows X, std::size_t count, Real base) {
  for (std::size_t n = 0; n < X.size(); ++n) {
    for (std::size_t i = 0; i < count / 2; ++i) {
      const Real angle =
          static_cast<Real>(n) / std::pow(base, 2 * static_cast<Real>(i) / static_cast<Real>(count));
      const Real a = X[n][i], b = X[n][i + count / 2];
      X[n][i] = a * std::cos(angle) - b * std::sin(angle);
      X[n][i + count / 2] = a * std::sin(angle) + b * std::cos(angle);
    }
  }
  return X;
}

/// The means of the head's values, and the head noted in the pass.
/// Scores are divided by the root of s, or plus what stands at their query and key.
Rows attended(Pass& pass, Head head, bool causal, const Rows* biases = nullptr) {
  Rows means;
  const std::size_t s = head.q.front().size();
  for (std::size_t i = 0; i < head.q.size(); ++i) {
    Row mean(s, 0);
    Real total = 0;
    for (std::size_t j = 0; j < (causal ? i + 1 : head.k.size()); ++j) {
      Real score = 0;
      for (std::size_t c = 0; c < s; ++c) score += head.q[i][c] * head.k[j][c];
      score = biases == nullptr ? score / std::sqrt(static_cast<Real>(s)) : score + (*biases)[i][j];
      const Real weight = std::exp(score);
      total += weight;
      for (std::size_t c = 0; c < s; ++c) mean[c] += weight * head.v[j][c];
    }
    for (Real& e : mean) e /= total;
    means.push_back(mean);
  }
  pass.heads.back().push_back(std::move(head));
  return means;
}

Rows joined(const std::vector<Rows>& parts) {
  Rows all = parts.front();
  for (std::size_t h = 1; h < parts.size(); ++h) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].insert(all[i].end(), parts[h][i].begin(), parts[h][i].end());
    }
  }
  return all;
}

// ---- decoders with RMS norms and gates

const char* const llama_sizes = R"("vocab_size": 5, "hidden_size": 8, "num_attention_heads": 4,
  "num_key_value_heads": 2, "num_hidden_layers": 2, "intermediate_size": 12, "max_position_embeddings": 16,
  "rms_norm_eps": 1e-3, "rope_theta": 100.0)";

WrittenTensors llama_tensors(std::uint64_t seed, std::size_t s, bool query_bias, bool head_norms,
                             double gain = 1) {
  Writer writer(seed);
  writer.table("model.embed_tokens.weight", {5, d});
  for (const std::string& number : both_layers) {
    const std::string layer = "model.layers." + number, attention = layer + "self_attn.";
    writer.linear(attention + "q_proj", 4 * s, d, query_bias);
    writer.linear(attention + "k_proj", 2 * s, d, query_bias);
    writer.linear(attention + "v_proj", 2 * s, d, query_bias);
    writer.linear(attention + "o_proj", d, 4 * s, false);
    if (head_norms) {
      writer.norm(attention + "q_norm", s, false);
      writer.norm(attention + "k_norm", s, false);
    }
    for (const char* name : {"mlp.gate_proj", "mlp.up_proj"}) writer.linear(layer + name, 12, d, false);
    writer.linear(layer + "mlp.down_proj", d, 12, false);
    writer.norm(layer + "input_layernorm", d, false, gain);
    writer.norm(layer + "post_attention_layernorm", d, false, gain);
  }
  writer.norm("model.norm", d, false, gain);
  return writer.tensors;
}

struct GatedDecoder {
  std::size_t s;
  bool causal = true, head_norms = false;
  Real gain_offset = 0, token_scale = 1, stretch = 1;
  Real (*activation)(Real) = silu;
};

Pass gated_decoder(const WrittenTensors& tensors, const Rows& tokens, const GatedDecoder& of) {
  const Net net(tensors);
  Pass pass;
  Rows Z = tokens;
  for (Row& z : Z) {
    for (Real& e : z) e *= of.token_scale;
  }
  const auto norm = [&](const std::string& name, const Rows& X) {
    return net.rms_norm(name, X, 1e-3L, of.gain_offset);
  };
  // Linear scaling stretches positions: turning a position n by n/stretch.
  const auto positioned = [&](Rows X) {
    for (std::size_t n = 0; n < X.size(); ++n) {
      for (std::size_t i = 0; i < of.s / 2; ++i) {
        const Real angle = static_cast<Real>(n) / of.stretch *
                           std::pow(100.0L, -2 * static_cast<Real>(i) / static_cast<Real>(of.s));
        const Real a = X[n][i], b = X[n][i + of.s / 2];
        X[n][i] = a * std::cos(angle) - b * std::sin(angle);
        X[n][i + of.s / 2] = b * std::cos(angle) + a * std::sin(angle);
      }
    }
    return X;
  };
  for (const std::string& number : both_layers) {
    const std::string layer = "model.layers." + number, attention = layer + "self_attn.";
    pass.heads.emplace_back();
    const Rows U = norm(layer + "input_layernorm", Z);
    const Rows Q = net.linear(attention + "q_proj", U), K = net.linear(attention + "k_proj", U),
               V = net.linear(attention + "v_proj", U);
    std::vector<Rows> means;
    for (std::size_t h = 0; h < 4; ++h) {
      Rows q = some_entries(Q, h * of.s, of.s), k = some_entries(K, h / 2 * of.s, of.s);
      if (of.head_norms) {
        q = net.rms_norm(attention + "q_norm", q, 1e-3L);
        k = net.rms_norm(attention + "k_norm", k, 1e-3L);
      }
      means.push_back(
          attended(pass, {positioned(q), positioned(k), some_entries(V, h / 2 * of.s, of.s)}, of.causal));
    }
    Z = sum(Z, net.linear(attention + "o_proj", joined(means)));
    const Rows W = norm(layer + "post_attention_layernorm", Z);
    Z = sum(Z, net.linear(layer + "mlp.down_proj",
                          entrywise(map(net.linear(layer + "mlp.gate_proj", W), of.activation),
                                    net.linear(layer + "mlp.up_proj", W))));
    pass.states.push_back(Z);
  }
  pass.output = norm("model.norm", Z);
  return pass;
}

FamilyModel gated(const std::string& name, const std::string& members, WrittenTensors tensors,
                  const GatedDecoder& of) {
  return {name, "{" + members + ", " + llama_sizes + "}", std::move(tensors),
          [of](const WrittenTensors& w, const Rows& X) { return gated_decoder(w, X, of); }};
}

// ---- decoders with LayerNorm

/// Attention and feed-forward block of phi see what one norm puts out.
FamilyModel phi(std::uint64_t seed, bool head_norms) {
  Writer writer(seed);
  writer.table("model.embed_tokens.weight", {5, d});
  for (const std::string& number : both_layers) {
    const std::string layer = "model.layers." + number;
    for (const char* name : {"q_proj", "k_proj", "v_proj", "dense"}) {
      writer.linear(layer + "self_attn." + name, d, d, true);
    }
    if (head_norms) {
      writer.norm(layer + "self_attn.q_layernorm", 4, true);
      writer.norm(layer + "self_attn.k_layernorm", 4, true);
    }
    writer.linear(layer + "mlp.fc1", 12, d, true);
    writer.linear(layer + "mlp.fc2", d, 12, true);
    writer.norm(layer + "input_layernorm", d, true);
  }
  writer.norm("model.final_layernorm", d, true);
  const auto evaluate = [head_norms](const WrittenTensors& tensors, const Rows& tokens) {
    const Net net(tensors);
    Pass pass;
    Rows Z = tokens;
    for (const std::string& number : both_layers) {
      const std::string layer = "model.layers." + number, attention = layer + "self_attn.";
      pass.heads.emplace_back();
      const Rows U = net.layer_norm(layer + "input_layernorm", Z, 1e-3L);
      std::vector<Rows> means;
      for (std::size_t h = 0; h < 2; ++h) {
        Rows q = some_entries(net.linear(attention + "q_proj", U), 4 * h, 4),
             k = some_entries(net.linear(attention + "k_proj", U), 4 * h, 4);
        if (head_norms) {
          q = net.layer_norm(attention + "q_layernorm", q, 1e-3L);
          k = net.layer_norm(attention + "k_layernorm", k, 1e-3L);
        }
        means.push_back(attended(pass,
                                 {turned(q, 2, 100), turned(k, 2, 100),
                                  some_entries(net.linear(attention + "v_proj", U), 4 * h, 4)},
                                 true));
      }
      const Rows hidden = map(net.linear(layer + "mlp.fc1", U), gelu_tanh);
      Z = sum(sum(Z, net.linear(attention + "dense", joined(means))), net.linear(layer + "mlp.fc2", hidden));
      pass.states.push_back(Z);
    }
    pass.output = net.layer_norm("model.final_layernorm", Z, 1e-3L);
    return pass;
  };
  return {head_norms ? "phi with norms on queries and keys" : "phi",
          std::string(R"({"model_type": "phi", "architectures": ["PhiForCausalLM"], "vocab_size": 5,
  "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 12,
  "max_position_embeddings": 16, "layer_norm_eps": 1e-3, "rope_theta": 100.0, "partial_rotary_factor": 0.5,
  "qk_layernorm": )") +
              (head_norms ? "true}" : "false}"),
          writer.tensors, evaluate};
}

FamilyModel gpt_neox(std::uint64_t seed, bool parallel) {
  Writer writer(seed);
  writer.table("gpt_neox.embed_in.weight", {5, d});
  for (const std::string& number : both_layers) {
    const std::string layer = "gpt_neox.layers." + number;
    writer.linear(layer + "attention.query_key_value", 3 * d, d, true);
    writer.linear(layer + "attention.dense", d, d, true);
    writer.linear(layer + "mlp.dense_h_to_4h", 12, d, true);
    writer.linear(layer + "mlp.dense_4h_to_h", d, 12, true);
    writer.norm(layer + "input_layernorm", d, true);
    writer.norm(layer + "post_attention_layernorm", d, true);
  }
  writer.norm("gpt_neox.final_layer_norm", d, true);
  writer.table("embed_out.weight", {5, d});
  const auto evaluate = [parallel](const WrittenTensors& tensors, const Rows& tokens) {
    const Net net(tensors);
    Pass pass;
    Rows Z = tokens;
    for (const std::string& number : both_layers) {
      const std::string layer = "gpt_neox.layers." + number;
      pass.heads.emplace_back();
      const Rows joint = net.linear(layer + "attention.query_key_value",
                                    net.layer_norm(layer + "input_layernorm", Z, 1e-3L));
      std::vector<Rows> means;
      for (std::size_t h = 0; h < 2; ++h) {
        // Query, key and value of a head stand side by side.
        means.push_back(
            attended(pass,
                     {turned(some_entries(joint, 12 * h, 4), 2, 100),
                      turned(some_entries(joint, 12 * h + 4, 4), 2, 100), some_entries(joint, 12 * h + 8, 4)},
                     true));
      }
      const Rows attention = net.linear(layer + "attention.dense", joined(means));
      const Rows seen = parallel ? Z : sum(Z, attention);
      const Rows hidden = map(net.linear(layer + "mlp.dense_h_to_4h",
                                         net.layer_norm(layer + "post_attention_layernorm", seen, 1e-3L)),
                              gelu);
      Z = sum(sum(Z, attention), net.linear(layer + "mlp.dense_4h_to_h", hidden));
      pass.states.push_back(Z);
    }
    pass.output = net.layer_norm("gpt_neox.final_layer_norm", Z, 1e-3L);
    return pass;
  };
  return {parallel ? "gpt_neox" : "gpt_neox, one block after the other",
          std::string(R"({"model_type": "gpt_neox", "architectures": ["GPTNeoXForCausalLM"], "vocab_size": 5,
  "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 12,
  "max_position_embeddings": 16, "layer_norm_eps": 1e-3, "rotary_emb_base": 100, "rotary_pct": 0.5,
  "use_parallel_residual": )") +
              (parallel ? "true}" : "false}"),
          writer.tensors, evaluate};
}

FamilyModel opt(std::uint64_t seed) {
  Writer writer(seed);
  writer.table("model.decoder.embed_tokens.weight", {5, d});
  writer.table("model.decoder.embed_positions.weight", {18, d});
  for (const std::string& number : both_layers) {
    const std::string layer = "model.decoder.layers." + number;
    for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"}) {
      writer.linear(layer + "self_attn." + name, d, d, true);
    }
    writer.linear(layer + "fc1", 12, d, true);
    writer.linear(layer + "fc2", d, 12, true);
    writer.norm(layer + "self_attn_layer_norm", d, true);
    writer.norm(layer + "final_layer_norm", d, true);
  }
  writer.norm("model.decoder.final_layer_norm", d, true);
  const auto evaluate = [](const WrittenTensors& tensors, const Rows& tokens) {
    const Net net(tensors);
    Pass pass;
    Rows Z = tokens;
    for (std::size_t i = 0; i < Z.size(); ++i) {
      Z[i] = sum({Z[i]}, {net.row("model.decoder.embed_positions.weight", i + 2)})[0];
    }
    for (const std::string& number : both_layers) {
      const std::string layer = "model.decoder.layers." + number, attention = layer + "self_attn.";
      pass.heads.emplace_back();
      const Rows U = net.layer_norm(layer + "self_attn_layer_norm", Z, 1e-5L);
      std::vector<Rows> means;
      for (std::size_t h = 0; h < 2; ++h) {
        const auto of = [&](const char* name) {
          return some_entries(net.linear(attention + name, U), 4 * h, 4);
        };
        means.push_back(attended(pass, {of("q_proj"), of("k_proj"), of("v_proj")}, true));
      }
      Z = sum(Z, net.linear(attention + "out_proj", joined(means)));
      const Rows W = net.layer_norm(layer + "final_layer_norm", Z, 1e-5L);
      Z = sum(Z, net.linear(layer + "fc2", map(net.linear(layer + "fc1", W), relu)));
      pass.states.push_back(Z);
    }
    pass.output = net.layer_norm("model.decoder.final_layer_norm", Z, 1e-5L);
    return pass;
  };
  return {"opt", R"({"model_type": "opt", "architectures": ["OPTForCausalLM"], "vocab_size": 5,
  "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "ffn_dim": 12,
  "max_position_embeddings": 16, "word_embed_proj_dim": 8, "do_layer_norm_before": true, "prefix": "</s>",
  "activation_function": "relu", "dropout": 0.1, "layerdrop": 0.0, "init_std": 0.02, "pad_token_id": 1})",
          writer.tensors, evaluate};
}

// ---- encoders with norms after their blocks

struct EncoderNames {
  std::string prefix, embeddings, layers, query, key, value, output, norm_1, up, down, norm_2;
  std::size_t first_position;
  bool has_types;
};

Pass encoder(const WrittenTensors& tensors, const Rows& tokens, const EncoderNames& of) {
  const Net net(tensors);
  Pass pass;
  Rows Z = tokens;
  for (std::size_t i = 0; i < Z.size(); ++i) {
    Z[i] = sum({Z[i]}, {net.row(of.embeddings + "position_embeddings.weight", i + of.first_position)})[0];
    if (of.has_types) Z[i] = sum({Z[i]}, {net.row(of.embeddings + "token_type_embeddings.weight", 0)})[0];
  }
  Z = net.layer_norm(of.embeddings + "LayerNorm", Z, 1e-12L);
  for (const std::string& number : both_layers) {
    const std::string layer = of.layers + number;
    pass.heads.emplace_back();
    std::vector<Rows> means;
    for (std::size_t h = 0; h < 2; ++h) {
      const auto head = [&](const std::string& name) {
        return some_entries(net.linear(layer + name, Z), 4 * h, 4);
      };
      means.push_back(attended(pass, {head(of.query), head(of.key), head(of.value)}, false));
    }
    Z = net.layer_norm(layer + of.norm_1, sum(Z, net.linear(layer + of.output, joined(means))), 1e-12L);
    const Rows hidden = map(net.linear(layer + of.up, Z), gelu);
    Z = net.layer_norm(layer + of.norm_2, sum(Z, net.linear(layer + of.down, hidden)), 1e-12L);
    pass.states.push_back(Z);
  }
  pass.output = Z;
  return pass;
}

FamilyModel encoder_model(const std::string& name, const std::string& config, const EncoderNames& of,
                          std::size_t rows, std::uint64_t seed) {
  Writer writer(seed);
  writer.table(of.embeddings + "word_embeddings.weight", {5, d});
  writer.table(of.embeddings + "position_embeddings.weight", {rows, d});
  if (of.has_types) writer.table(of.embeddings + "token_type_embeddings.weight", {1, d});
  writer.norm(of.embeddings + "LayerNorm", d, true);
  for (const std::string& number : both_layers) {
    const std::string layer = of.layers + number;
    for (const std::string& map : {of.query, of.key, of.value, of.output})
      writer.linear(layer + map, d, d, true);
    writer.linear(layer + of.up, 12, d, true);
    writer.linear(layer + of.down, d, 12, true);
    writer.norm(layer + of.norm_1, d, true);
    writer.norm(layer + of.norm_2, d, true);
  }
  return {name, config, writer.tensors,
          [of](const WrittenTensors& w, const Rows& X) { return encoder(w, X, of); }};
}

FamilyModel roberta(std::uint64_t seed) {
  const std::string a = "attention.self.";
  return encoder_model("roberta", R"({"model_type": "roberta", "architectures": ["RobertaForMaskedLM"],
  "vocab_size": 5, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 12,
  "max_position_embeddings": 20, "type_vocab_size": 1, "pad_token_id": 3, "layer_norm_eps": 1e-12})",
                       {"roberta.", "roberta.embeddings.", "roberta.encoder.layer.", a + "query", a + "key",
                        a + "value", "attention.output.dense", "attention.output.LayerNorm",
                        "intermediate.dense", "output.dense", "output.LayerNorm", 4, true},
                       20, seed);
}

FamilyModel distilbert(std::uint64_t seed) {
  const std::string a = "attention.";
  return encoder_model(
      "distilbert", R"({"model_type": "distilbert", "architectures": ["DistilBertModel"],
  "vocab_size": 5, "dim": 8, "n_heads": 2, "n_layers": 2, "hidden_dim": 12, "max_position_embeddings": 16,
  "activation": "gelu", "sinusoidal_pos_embds": false, "qa_dropout": 0.1, "seq_classif_dropout": 0.2,
  "tie_weights_": true, "dropout": 0.1})",
      {"distilbert.", "distilbert.embeddings.", "distilbert.transformer.layer.", a + "q_lin", a + "k_lin",
       a + "v_lin", a + "out_lin", "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm", 0, false},
      16, seed);
}

// ---- T5's encoder

/// 8 buckets, distances up to 8: before the query and at it the distances 0, 1, 2 to 3, and more; behind it
/// 1, 2 to 3, and more (4 + 0 stays empty): 2 + 2 ln(n/2)/ln 4 reaches 3 at 4.
std::size_t t5_bucket(std::size_t query, std::size_t key) {
  const std::size_t n = query > key ? query - key : key - query;
  return (key > query ? 4 : 0) + (n < 2 ? n : n < 4 ? 2 : 3);
}

/// Three heads of width 2: less than the width of tokens together.
FamilyModel t5(std::uint64_t seed, bool gated) {
  const std::string shared = "encoder.block.",
                    bias = shared + "0.layer.0.SelfAttention.relative_attention_bias";
  Writer writer(seed);
  writer.table("shared.weight", {5, d});
  writer.table(bias + ".weight", {8, 3});
  for (const std::string& number : both_layers) {
    const std::string layer = shared + number;
    for (const char* name : {"q", "k", "v"}) {
      writer.linear(layer + "layer.0.SelfAttention." + name, 6, d, false);
    }
    writer.linear(layer + "layer.0.SelfAttention.o", d, 6, false);
    writer.norm(layer + "layer.0.layer_norm", d, false);
    if (gated) {
      writer.linear(layer + "layer.1.DenseReluDense.wi_0", 12, d, false);
      writer.linear(layer + "layer.1.DenseReluDense.wi_1", 12, d, false);
    } else {
      writer.linear(layer + "layer.1.DenseReluDense.wi", 12, d, false);
    }
    writer.linear(layer + "layer.1.DenseReluDense.wo", d, 12, false);
    writer.norm(layer + "layer.1.layer_norm", d, false);
  }
  writer.norm("encoder.final_layer_norm", d, false);
  const auto evaluate = [=](const WrittenTensors& tensors, const Rows& tokens) {
    const Net net(tensors);
    const Row table = net.values(bias + ".weight");
    Pass pass;
    Rows Z = tokens;
    for (const std::string& number : both_layers) {
      const std::string attention = shared + number + "layer.0.", ffn = shared + number + "layer.1.";
      pass.heads.emplace_back();
      const Rows U = net.rms_norm(attention + "layer_norm", Z, 1e-3L);
      std::vector<Rows> means;
      for (std::size_t h = 0; h < 3; ++h) {
        Rows biases(Z.size(), Row(Z.size()));
        for (std::size_t i = 0; i < Z.size(); ++i) {
          for (std::size_t j = 0; j < Z.size(); ++j) biases[i][j] = table[t5_bucket(i, j) * 3 + h];
        }
        const auto of = [&](const char* name) {
          return some_entries(net.linear(attention + "SelfAttention." + name, U), 2 * h, 2);
        };
        means.push_back(attended(pass, {of("q"), of("k"), of("v")}, false, &biases));
      }
      Z = sum(Z, net.linear(attention + "SelfAttention.o", joined(means)));
      const Rows W = net.rms_norm(ffn + "layer_norm", Z, 1e-3L);
      const std::string dense = ffn + "DenseReluDense.";
      const Rows hidden =
          gated ? entrywise(map(net.linear(dense + "wi_0", W), gelu_tanh), net.linear(dense + "wi_1", W))
                : map(net.linear(dense + "wi", W), relu);
      Z = sum(Z, net.linear(dense + "wo", hidden));
      pass.states.push_back(Z);
    }
    pass.output = net.rms_norm("encoder.final_layer_norm", Z, 1e-3L);
    return pass;
  };
  return {gated ? "t5 with gates" : "t5",
          std::string(R"({"model_type": "t5", "architectures": ["T5EncoderModel"], "vocab_size": 5,
  "d_model": 8, "num_heads": 3, "d_kv": 2, "num_layers": 2, "d_ff": 12, "n_positions": 16,
  "layer_norm_epsilon": 1e-3, "relative_attention_num_buckets": 8, "relative_attention_max_distance": 8,
  "dropout_rate": 0.1, "feed_forward_proj": )") +
              (gated ? R"("gated-gelu"})" : R"("relu"})"),
          writer.tensors, evaluate};
}

}  // namespace

std::vector<FamilyModel> family_models(std::uint64_t seed) {
  std::vector<FamilyModel> models;
  models.push_back(gated("qwen2", R"("model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"])",
                         llama_tensors(seed + 1, 2, true, false), {2}));
  models.push_back(gated("mistral", R"("model_type": "mistral", "sliding_window": 16)",
                         llama_tensors(seed + 2, 2, false, false), {2}));
  models.push_back(gated("qwen3", R"("model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"],
    "head_dim": 6, "max_window_layers": 2, "use_sliding_window": false, "sliding_window": null)",
                         llama_tensors(seed + 3, 6, false, true), {6, true, true}));
  models.push_back(gated("llama, bidirectional", R"("model_type": "llama", "is_causal": false)",
                         llama_tensors(seed + 4, 2, false, false), {2, false}));
  models.push_back(gated("llama, linear scaling", R"("model_type": "llama",
    "rope_scaling": {"type": "linear", "factor": 4.0})",
                         llama_tensors(seed + 5, 2, false, false), {2, true, false, 0, 1, 4}));
  models.push_back(gated("gemma", R"("model_type": "gemma", "architectures": ["GemmaForCausalLM"],
    "head_dim": 6, "hidden_act": "gelu_pytorch_tanh", "hidden_activation": null)",
                         llama_tensors(seed + 6, 6, false, false, 0),
                         {6, true, false, 1, static_cast<Real>(std::sqrt(8.0)), 1, gelu_tanh}));
  models.push_back(phi(seed + 7, false));
  models.push_back(phi(seed + 8, true));
  models.push_back(gpt_neox(seed + 9, true));
  models.push_back(gpt_neox(seed + 10, false));
  models.push_back(opt(seed + 11));
  models.push_back(roberta(seed + 12));
  models.push_back(distilbert(seed + 13));
  models.push_back(t5(seed + 14, false));
  models.push_back(t5(seed + 15, true));
  return models;
}

void write_model(const TemporaryFolder& folder, const FamilyModel& model) {
  std::map<std::string, promptbound::Tensor> tensors;
  for (const auto& [name, tensor] : model.tensors)
    tensors[name] = promptbound::view(tensor.values, tensor.shape);
  folder.write("model.safetensors", promptbound::safetensors_text(tensors));
  folder.write("config.json", model.config);
}

}  // namespace naive

// Certificates of recall (theory 3.5), for check.hpp. Shares intervals, the reading of JSON and files, and
// the hash with the producers; the model is read (language_model.hpp) and evaluated again, entry by entry in
// intervals of many bits, without a line of theirs.
#include <nlohmann/json.hpp>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/check/inputs.hpp>
#include <promptbound/verify/check/language_model.hpp>
#include <promptbound/verify/check/prompt_rounding.hpp>

namespace promptbound::checker {
namespace {

using Token = std::vector<Interval>;
using Tokens = std::vector<Token>;  ///< tokens

/// sum += w x.
void add_product(Interval& sum, double w, const Interval& x, Interval& term) {
  mpfi_mul_d(term.get(), x.get(), w);
  mpfi_add(sum.get(), sum.get(), term.get());
}

/// Rows first .. first + count - 1 of W x + b; W out x in, or in x out where it is transposed.
Token mapped(const Table& W, bool is_transposed, const Table* b, std::size_t first, std::size_t count,
             const Token& x) {
  Token y(count);
  Interval term;
  for (std::size_t i = 0; i < count; ++i) {
    Interval sum = b != nullptr ? Interval(b->values[first + i]) : Interval(0);
    for (std::size_t k = 0; k < x.size(); ++k) {
      add_product(sum, is_transposed ? W.at(k, first + i) : W.at(first + i, k), x[k], term);
    }
    y[i] = std::move(sum);
  }
  return y;
}

void add(Token& x, const Token& y) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
}

Interval sum_of_products(const Token& x, const Token& y) {
  Interval sum(0);
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

/// erf is increasing.
Interval error_function(const Interval& x) {
  Interval result = x;
  mpfr_erf(&result.get()->left, &x.get()->left, MPFR_RNDD);
  mpfr_erf(&result.get()->right, &x.get()->right, MPFR_RNDU);
  return result;
}

Interval activation(const std::string& name, const Interval& x) {
  if (name == "relu") return max(x, Interval(0));
  if (name == "gelu" || name == "gelu_python") {
    return x * (Interval(1) + error_function(x / sqrt(Interval(2)))) / Interval(2);
  }
  if (name == "silu" || name == "swish") return x / (Interval(1) + exp(-x));
  Interval scale = sqrt(Interval(2) / interval_pi());
  if (name == "gelu_fast") {
    scale = Interval(Rational("7978845608/10000000000"));
  } else if (name != "gelu_new" && name != "gelu_pytorch_tanh") {
    reject("config: an activation that this checker does not evaluate");
  }
  const Interval cubic = x + Interval(Rational(44715, 1000000)) * power(x, 3UL);
  return x * (Interval(1) + tanh(scale * cubic)) / Interval(2);
}

class Evaluation {
 public:
  Evaluation(const Folder& folder, const Architecture& model) : folder_(folder), model_(model) {}

  /// The tokens behind the last norm.
  Tokens states(Tokens Z) const {
    if (model_.is_gpt2) {
      const Table codes = folder_.table(model_.prefix + "wpe.weight", model_.positions, model_.width);
      for (std::size_t t = 0; t < Z.size(); ++t) {
        for (std::size_t i = 0; i < model_.width; ++i) Z[t][i] += Interval(codes.at(t, i));
      }
    }
    for (std::size_t l = 0; l < model_.layers; ++l) {
      const std::string layer = model_.prefix + (model_.is_gpt2 ? "h." : "layers.") + std::to_string(l) + ".";
      attend(layer, Z);
      feed_forward(layer, Z);
    }
    return normed(model_.prefix + (model_.is_gpt2 ? "ln_f" : "norm"), Z);
  }

 private:
  Tokens normed(const std::string& name, Tokens X) const {
    const Table gain = folder_.table(name + ".weight", model_.width, 1);
    std::optional<Table> bias;
    if (model_.is_gpt2) bias = folder_.table(name + ".bias", model_.width, 1);
    const Interval width(static_cast<long>(model_.width)), epsilon(model_.epsilon);
    for (Token& x : X) {
      if (model_.is_gpt2) {
        Interval sum(0);
        for (const Interval& entry : x) sum += entry;
        const Interval mean = sum / width;
        for (Interval& entry : x) entry -= mean;
      }
      Interval squares(0);
      for (const Interval& entry : x) squares += square(entry);
      const Interval root = sqrt(squares / width + epsilon);
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = Interval(gain.values[i]) * x[i] / root;
        if (bias) x[i] += Interval(bias->values[i]);
      }
    }
    return X;
  }

  std::optional<Table> bias(const std::string& map, std::size_t size, bool has) const {
    if (!has) return std::nullopt;
    return folder_.table(map + ".bias", size, 1);
  }

  /// Entries i and i + s/2 of a head turn by position times frequency.
  void turn(Token& x, std::size_t position) const {
    const std::size_t half = model_.head_width / 2;
    for (std::size_t i = 0; i < half; ++i) {
      const Interval angle = Interval(static_cast<long>(position)) * frequency(i);
      const Interval c = cos(angle), s = sin(angle), a = x[i], b = x[i + half];
      x[i] = a * c - b * s;
      x[i + half] = b * c + a * s;
    }
  }

  Interval frequency(std::size_t i) const {
    const Interval plain = power(Interval(model_.base),
                                 Rational(-2 * static_cast<long>(i), static_cast<long>(model_.head_width)));
    if (!model_.original) return plain / Interval(model_.factor);
    const Interval waves = Interval(*model_.original) * plain / (Interval(2) * interval_pi());
    const Interval inside = (waves - Interval(*model_.low)) / Interval(*model_.high - *model_.low);
    const Interval t = max(Interval(0), min(Interval(1), inside));
    return plain * ((Interval(1) - t) / Interval(model_.factor) + t);
  }

  void attend(const std::string& layer, Tokens& Z) const {
    const std::size_t d = model_.width, s = model_.head_width, all = model_.heads * s,
                      shared = model_.key_heads * s;
    const bool joined = model_.is_gpt2;
    const Tokens U = normed(layer + (joined ? "ln_1" : "input_layernorm"), Z);
    const std::string prefix = joined ? layer + "attn.c_attn" : layer + "self_attn.";
    struct Map {
      Table W;
      std::optional<Table> b;
      std::size_t first;
    };
    const auto map = [&](const char* name, std::size_t rows, std::size_t place) -> Map {
      if (joined) return {folder_.table(prefix + ".weight", d, 3 * d), bias(prefix, 3 * d, true), place * d};
      return {folder_.table(prefix + name + ".weight", rows, d), bias(prefix + name, rows, model_.query_bias),
              0};
    };
    const Map query = map("q_proj", all, 0), key = map("k_proj", shared, 1), value = map("v_proj", shared, 2);
    const std::string out = joined ? layer + "attn.c_proj" : layer + "self_attn.o_proj";
    const Table W_O =
        joined ? folder_.table(out + ".weight", all, d) : folder_.table(out + ".weight", d, all);
    const std::optional<Table> b_O = bias(out, d, model_.output_bias);
    const auto head = [&](const Map& of, std::size_t h, bool turns) {
      Tokens result;
      for (std::size_t t = 0; t < U.size(); ++t) {
        result.push_back(mapped(of.W, joined, of.b ? &*of.b : nullptr, of.first + h * s, s, U[t]));
        if (turns && !joined) turn(result.back(), t);
      }
      return result;
    };
    Interval scale(1);
    if (model_.scaled) scale = Interval(1) / sqrt(Interval(static_cast<long>(s)));
    std::vector<Token> means(U.size());
    for (std::size_t g = 0; g < model_.key_heads; ++g) {
      const Tokens keys = head(key, g, true), values = head(value, g, false);
      const std::size_t queries = model_.heads / model_.key_heads;
      for (std::size_t h = g * queries; h < (g + 1) * queries; ++h) {
        const Tokens own = head(query, h, true);
        for (std::size_t i = 0; i < U.size(); ++i) {
          const Token mean = weighted(own[i], keys, values, i + 1, scale);
          means[i].insert(means[i].end(), mean.begin(), mean.end());
        }
      }
    }
    for (std::size_t i = 0; i < U.size(); ++i) {
      add(Z[i], mapped(W_O, joined, b_O ? &*b_O : nullptr, 0, d, means[i]));
    }
  }

  /// sum_j e^(s_j - c) v_j / sum_j e^(s_j - c) over the first tokens, c near the largest score.
  static Token weighted(const Token& query, const Tokens& keys, const Tokens& values, std::size_t visible,
                        const Interval& scale) {
    Token scores;
    for (std::size_t j = 0; j < visible; ++j) scores.push_back(scale * sum_of_products(keys[j], query));
    Interval shift = scores[0].upper_point();
    for (const Interval& score : scores) shift = max(shift, score.upper_point());
    Interval total(0);
    Token mean(values[0].size(), Interval(0));
    for (std::size_t j = 0; j < visible; ++j) {
      const Interval weight = exp(scores[j] - shift);
      total += weight;
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += weight * values[j][i];
    }
    for (Interval& x : mean) x /= total;
    return mean;
  }

  void feed_forward(const std::string& layer, Tokens& Z) const {
    const std::size_t d = model_.width, hidden = model_.hidden;
    const bool joined = model_.is_gpt2;
    const Tokens U = normed(layer + (joined ? "ln_2" : "post_attention_layernorm"), Z);
    const auto table = [&](const std::string& name, std::size_t out, std::size_t in) {
      return joined ? folder_.table(name + ".weight", in, out) : folder_.table(name + ".weight", out, in);
    };
    const std::string up = layer + (joined ? "mlp.c_fc" : "mlp.up_proj");
    const std::string down = layer + (joined ? "mlp.c_proj" : "mlp.down_proj"),
                      gate = layer + "mlp.gate_proj";
    const Table W_1 = table(up, hidden, d), W_2 = table(down, d, hidden);
    const std::optional<Table> b_1 = bias(up, hidden, model_.ffn_bias), b_2 = bias(down, d, model_.ffn_bias);
    std::optional<Table> W_G, b_G;
    if (!joined) {
      W_G = table(gate, hidden, d);
      b_G = bias(gate, hidden, model_.ffn_bias);
    }
    for (std::size_t t = 0; t < U.size(); ++t) {
      Token units = mapped(W_1, joined, b_1 ? &*b_1 : nullptr, 0, hidden, U[t]);
      if (W_G) {
        const Token gates = mapped(*W_G, false, b_G ? &*b_G : nullptr, 0, hidden, U[t]);
        for (std::size_t i = 0; i < hidden; ++i) units[i] *= activation(model_.activation, gates[i]);
      } else {
        for (Interval& x : units) x = activation(model_.activation, x);
      }
      add(Z[t], mapped(W_2, joined, b_2 ? &*b_2 : nullptr, 0, d, units));
    }
  }

  const Folder& folder_;
  const Architecture& model_;
};

struct OutputLayer {
  Table rows;
  std::optional<Table> bias;
};

OutputLayer output_layer(const Folder& folder, const Architecture& model) {
  const auto find = [&](const std::string& end) {
    std::optional<std::string> found;
    for (const std::string& name : folder.names()) {
      if (!name.ends_with(end)) continue;
      require(!found, "tensor: two output layers");
      found = name;
    }
    return found;
  };
  const std::optional<std::string> head = find("lm_head.weight"), bias = find("lm_head.bias");
  const std::string embeddings = model.prefix + model.embeddings;
  require(model.is_tied || head.has_value(), "tensor: no lm_head.weight");
  if (model.is_tied && head) {
    require(folder.holds_same(*head, embeddings),
            "tensor: lm_head.weight differs from the embeddings that it is tied to");
  }
  OutputLayer result{folder.table(model.is_tied ? embeddings : *head, model.vocabulary, model.width),
                     std::nullopt};
  if (bias) result.bias = folder.table(*bias, model.vocabulary, 1);
  return result;
}

std::vector<std::size_t> ids_from(const Json& value, std::size_t vocabulary) {
  require(value.is_array(), "tokens: an array is needed");
  std::vector<std::size_t> ids;
  for (const Json& entry : value) {
    const Integer id = integer_from(entry, "tokens");
    require(id >= 0 && id < Integer(vocabulary), "tokens: a token that is none of the vocabulary");
    ids.push_back(id.convert_to<std::size_t>());
  }
  return ids;
}

Token exact_token(const Table& table, std::size_t row) {
  Token entries;
  for (std::size_t i = 0; i < table.columns; ++i) entries.emplace_back(table.at(row, i));
  return entries;
}

/// One position's claim, against all logits; adds -log2 of the token's probability.
void check_position(const Json& claim, const OutputLayer& out, const Token& state, std::size_t token,
                    Interval& bits) {
  const std::size_t vocabulary = out.rows.rows;
  const auto logit = [&](std::size_t id) {
    Interval sum = out.bias ? Interval(out.bias->values[id]) : Interval(0), term;
    for (std::size_t i = 0; i < state.size(); ++i) add_product(sum, out.rows.at(id, i), state[i], term);
    return sum;
  };
  const Interval own = logit(token);
  Interval odds(1);
  const bool is_recalled = claim.contains("margin");
  const Rational margin = is_recalled ? rational_from(claim["margin"], "margin") : Rational(0);
  std::size_t rival = 0;
  if (!is_recalled) {
    const Integer id = integer_from(member(claim, "rival", "positions"), "rival");
    require(id >= 0 && id < Integer(vocabulary) && id != Integer(token),
            "positions: a rival that is no other token");
    rival = id.convert_to<std::size_t>();
  }
  require(!is_recalled || margin > 0, "positions: a margin above 0 is needed");
  for (std::size_t id = 0; id < vocabulary; ++id) {
    if (id == token) continue;
    const Interval above = logit(id) - own;
    odds += exp(above);
    if (is_recalled) {
      require(certainly_less_equal(above, Interval(-margin)), "positions: a margin does not follow");
    } else if (id == rival) {
      bool is_twin = !out.bias || out.bias->values[id] == out.bias->values[token];
      for (std::size_t i = 0; i < out.rows.columns; ++i)
        is_twin = is_twin && out.rows.at(id, i) == out.rows.at(token, i);
      require(is_twin || certainly_less_equal(Interval(0), above),
              "positions: a rival's logit is not shown to be as large");
    }
  }
  bits += log2(odds);
}

const GivenInput* given(const std::vector<GivenInput>& inputs, const char* role, std::size_t place) {
  for (const GivenInput& input : inputs) {
    if (input.role == role && place-- == 0) return &input;
  }
  return nullptr;
}

/// What is claimed of one sequence, recomputed.
void check_run(const Json& run, const Folder& folder, const Architecture& model, const OutputLayer& out,
               const Table& embeddings, const std::vector<Table>& prompts) {
  const Json& place = member(run, "prompt", "sequences");
  Tokens tokens;
  if (!place.is_null()) {
    const Integer index = integer_from(place, "prompt");
    require(index >= 0 && index < Integer(prompts.size()), "sequences: a prompt that is not named");
    const Table& prompt = prompts[index.convert_to<std::size_t>()];
    for (std::size_t t = 0; t < prompt.rows; ++t) tokens.push_back(exact_token(prompt, t));
  }
  const std::vector<std::size_t> start = ids_from(member(run, "start", "sequences"), model.vocabulary),
                                 said = ids_from(member(run, "tokens", "sequences"), model.vocabulary);
  for (const std::size_t id : start) tokens.push_back(exact_token(embeddings, id));
  require(!said.empty() && !tokens.empty(),
          "sequences: a token before the first one is needed, and one to be said");
  const std::size_t before = tokens.size();
  for (std::size_t k = 0; k + 1 < said.size(); ++k) tokens.push_back(exact_token(embeddings, said[k]));
  require(tokens.size() <= model.positions, "sequences: more tokens than positions");
  const Tokens states = Evaluation(folder, model).states(std::move(tokens));
  const Json& positions = member(run, "positions", "sequences");
  require(positions.is_array() && positions.size() == said.size(), "positions: one for each token is needed");
  Interval bits(0);
  for (std::size_t k = 0; k < said.size(); ++k)
    check_position(positions[k], out, states[before - 1 + k], said[k], bits);
  const Json& claimed = member(run, "bits", "sequences");
  const Rational lower = rational_from(member(claimed, "lower", "bits"), "bits"),
                 upper = rational_from(member(claimed, "upper", "bits"), "bits");
  require(certainly_less_equal(Interval(lower), bits) && certainly_less_equal(bits, Interval(upper)),
          "bits: the cross-entropy is not shown to lie there");
}

}  // namespace

void check_recall(const Json& certificate, const CheckLimits& limits, const std::vector<GivenInput>& inputs,
                  CheckReport& report) {
  require(member(certificate, "theorem", "certificate") == "3.5", "theorem: 3.5 is needed");
  const long bits = precision_of(certificate, limits.bits);
  const Json& named = member(certificate, "inputs", "certificate");
  const NamedFiles model_files =
      named_files(member(named, "model", "inputs"), "inputs: files by name are needed");
  const Json& named_prompts = member(named, "prompts", "inputs");
  require(named_prompts.is_array(), "inputs: an array of prompts is needed");
  const GivenInput* model_folder = given(inputs, "model", 0);
  if (model_folder == nullptr) {
    throw LimitReached(
        "model: a certificate of recall is checked against the model's files (--model DIR" +
        std::string(named_prompts.empty() ? ")" : ", and --prompt DIR for each prompt in its order)"));
  }
  const Json& runs = member(certificate, "sequences", "certificate");
  require(runs.is_array() && !runs.empty(), "sequences: none is there");
  std::vector<std::string> assumed;
  const Json& list = member(certificate, "assumed_inert", "certificate");
  require(list.is_array(), "assumed_inert: an array is needed");
  for (const Json& name : list) {
    require(name.is_string(), "assumed_inert: names are needed");
    assumed.push_back(name.get<std::string>());
  }
  const Folder folder(model_folder->path, model_files);
  const Architecture model = architecture_of(folder, assumed);
  const WorkingPrecision scope(bits);
  const OutputLayer out = output_layer(folder, model);
  const Table embeddings = folder.table(model.prefix + model.embeddings, model.vocabulary, model.width);
  const Json& format = member(certificate, "prompt_as", "certificate");
  std::vector<Table> prompts;
  for (std::size_t p = 0; p < named_prompts.size(); ++p) {
    const GivenInput* prompt_folder = given(inputs, "prompt", p);
    if (prompt_folder == nullptr) {
      throw LimitReached(
          "prompt: the folder of each prompt is needed, in the certificate's order (--prompt DIR)");
    }
    prompts.push_back(prompt_of(
        Folder(prompt_folder->path, named_files(named_prompts[p], "inputs: files by name are needed")),
        model.width));
    if (!format.is_null()) {
      require(format.is_string(), "prompt_as: a format's name is needed");
      round_entries(format.get<std::string>(), prompts.back().values);
    }
  }
  for (const Json& run : runs) check_run(run, folder, model, out, embeddings, prompts);
  report.object = std::to_string(runs.size()) + " sequences behind " + std::to_string(prompts.size()) +
                  " prompts, and the model in " + model_folder->path;
  report.statement =
      "each token of these sequences has the largest logit, or another one's is as large, as the certificate "
      "says, over the real numbers at " +
      std::to_string(bits) + " bits";
  report.inputs = "all files named, by their SHA-256";
  for (const std::string& name : assumed)
    report.trusted += "; that " + name + " of config.json changes nothing";
}

}  // namespace promptbound::checker

// Certified numbers of real weights against an independent evaluation in long double.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include <promptbound/models/prompt_adapter.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/audit/model_sweep.hpp>

#include "models/small_language_model.hpp"
#include "naive_language_model.hpp"
#include "naive_rows.hpp"

using namespace promptbound;

namespace {

naive::Weights weights_of(const WrittenTensors& written) {
  naive::Weights weights;
  for (const auto& [name, tensor] : written) weights[name] = tensor.values;
  return weights;
}

/// One number of 2 or 4 bytes: binary32, its upper half (BF16), or binary16.
double number_at(const std::string& bytes, std::size_t place, const std::string& type) {
  if (type == "F32") {
    float value = 0;
    std::memcpy(&value, bytes.data() + place, 4);
    return value;
  }
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes.data() + place, 2);
  if (type == "BF16") return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 == 0 ? size : -size;
}

/// A safetensors file of F32, BF16 or F16 tensors, read without the library.
naive::Weights read_naively(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream buffer;
  buffer << file.rdbuf();
  const std::string text = buffer.str();
  std::uint64_t length = 0;
  std::memcpy(&length, text.data(), 8);
  naive::Weights weights;
  const auto header = nlohmann::json::parse(text.substr(8, length));
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const std::string type = entry["dtype"];
    const std::size_t begin = entry["data_offsets"][0], end = entry["data_offsets"][1];
    for (std::size_t at = begin; at < end; at += type == "F32" ? 4 : 2) {
      weights[name].push_back(number_at(text, 8 + length + at, type));
    }
  }
  return weights;
}

naive::Rows tokens_of(const std::vector<double>& values, std::size_t d) {
  naive::Rows rows(values.size() / d, naive::Row(d));
  for (std::size_t i = 0; i < values.size(); ++i) rows[i / d][i % d] = values[i];
  return rows;
}

/// The enclosure is tight, and the independent value (with its own rounding errors) is inside.
void check_agrees(const FastInterval& enclosure, naive::Real value, naive::Real tolerance = 1e-12L) {
  CHECK(enclosure.lower() <= value * (1 + tolerance));
  CHECK(value * (1 - tolerance) <= enclosure.upper());
  CHECK(enclosure.upper() - enclosure.lower() <= 1e-10 * enclosure.upper());
}

void check_at_most(naive::Real value, const FastInterval& bound) {
  CHECK(std::isfinite(bound.upper()));
  CHECK(value <= bound.upper());
}

void check_pass(const LanguageModel& model, const naive::Pass& pass, const naive::Rows& prompt) {
  const auto certified = sweep_layers(model, columns(prompt)).prompt;
  CHECK(certified.size() == (model.config().is_causal() ? pass.heads.size() : 1));
  for (std::size_t l = 0; l < certified.size(); ++l) {
    for (std::size_t h = 0; h < certified[l].size(); ++h) {
      CAPTURE(l);
      CAPTURE(h);
      const PromptHead& head = certified[l][h];
      const naive::Head& reference = pass.heads[l][h];
      check_agrees(head.query.entry, naive::largest_entry(reference.q));
      check_agrees(head.key.entry, naive::largest_entry(reference.k));
      check_agrees(head.value.entry, naive::largest_entry(reference.v));
      check_agrees(head.query.norm, naive::largest_norm(reference.q));
      check_agrees(head.key.norm, naive::largest_norm(reference.k));
      check_agrees(head.value.norm, naive::largest_norm(reference.v));
      const std::size_t m = reference.q.size(), s = reference.q.front().size();
      naive::Real largest = 0;
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j <= (model.config().is_causal() ? i : m - 1); ++j) {
          naive::Real score = 0;
          for (std::size_t c = 0; c < s; ++c) {
            naive::Real q = reference.q[i][c], k = reference.k[j][c];
            for (std::size_t t = 0; t < m; ++t) {
              q -= reference.q[t][c] / static_cast<naive::Real>(m);
              k -= reference.k[t][c] / static_cast<naive::Real>(m);
            }
            score += q * k;
          }
          largest = std::max(largest, std::abs(score));
        }
      }
      // The certified centre is the mean to working precision only.
      check_agrees(head.centred_score, largest / std::sqrt(static_cast<naive::Real>(s)), 1e-10L);
    }
  }
}

void check_norms(const ModelNorms& norms, const naive::Weights& weights, const naive::Shape& shape) {
  const bool rotary = shape.rotary_base != 0;
  const naive::Real scale = 1 / std::sqrt(static_cast<naive::Real>(shape.s));
  for (std::size_t l = 0; l < shape.layers; ++l) {
    naive::Real c = 0;
    const LayerMatrixNorms& layer = norms.layers[l];
    for (std::size_t h = 0; h < shape.heads; ++h) {
      const naive::HeadMatrices W = naive::head_matrices(weights, shape, l, h);
      const naive::Real A =
          scale * (rotary ? naive::spectral_norm(W.W_K) * naive::spectral_norm(W.W_Q)
                          : naive::spectral_norm(naive::product(naive::transposed(W.W_K), W.W_Q)));
      const naive::Real V = naive::spectral_norm(naive::product(W.W_O, W.W_V));
      check_agrees(*layer.heads[h].A, A, 1e-9L);
      check_agrees(layer.heads[h].V, V, 1e-9L);
      naive::Rows bias;
      for (const naive::Real b : W.b_Q) bias.push_back({b});
      const naive::Real bias_score =
          rotary ? naive::spectral_norm(W.W_K) * naive::norm(W.b_Q) +
                       naive::spectral_norm(W.W_Q) * naive::norm(W.b_K)
                 : naive::norm(naive::transposed(naive::product(naive::transposed(W.W_K), bias))[0]);
      const naive::Real R = layer.R_attention.upper();
      // Rotary positions have many A, for which the smaller constant is false.
      const naive::Real bias_part = scale * R * bias_score, kappa = A * R * R;
      c += rotary ? V * (1 + 2 * kappa + bias_part) : V * (kappa + std::hypot(1.0L, kappa + bias_part));
    }
    check_agrees(layer.c, c, 1e-9L);
    const naive::Real W_1 = naive::spectral_norm(naive::up_matrix(weights, shape, l));
    const naive::Real W_2 = naive::spectral_norm(naive::down_matrix(weights, shape, l));
    check_agrees(layer.W_1, W_1, 1e-9L);
    check_agrees(layer.W_2, W_2, 1e-9L);
    if (!rotary) check_agrees(layer.g, 1.13L * W_1 * W_2, 1e-9L);
  }
}

/// The bounds for any token hold on an evaluation: entries, scores, radii.
void check_bounds(const ModelNorms& norms, const naive::Pass& pass) {
  for (std::size_t l = 0; l < pass.heads.size(); ++l) {
    check_at_most(naive::largest_norm(pass.states[l]), norms.layers[l].R_out);
    for (std::size_t h = 0; h < pass.heads[l].size(); ++h) {
      const HeadMatrixNorms& bound = norms.layers[l].heads[h];
      check_at_most(naive::largest_entry(pass.heads[l][h].q), bound.query_entry);
      check_at_most(naive::largest_entry(pass.heads[l][h].k), bound.key_entry);
      check_at_most(naive::largest_entry(pass.heads[l][h].v), bound.value_entry);
    }
  }
}

naive::Rows difference(naive::Rows A, const naive::Rows& B) {
  for (std::size_t i = 0; i < A.size(); ++i) {
    for (std::size_t c = 0; c < A[i].size(); ++c) A[i][c] -= B[i][c];
  }
  return A;
}

}  // namespace

TEST_CASE("the states behind every layer and the outputs agree with loops over long double") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    const naive::Weights weights = weights_of(write_small_model(folder, family, 703));
    const LanguageModel model(folder.path());
    RandomNumbers random(713);
    naive::Rows prompt(4, naive::Row(8));
    for (auto& token : prompt) {
      for (auto& x : token) x = random.rational(-1, 1).convert_to<double>();
    }
    const naive::Pass pass = naive::evaluate(weights, small_shape(family), prompt);
    const auto check = [&](const Sequence<Interval>& Z, const naive::Rows& reference) {
      for (Index token = 0; token < Z.cols(); ++token) {
        for (Index row = 0; row < Z.rows(); ++row) {
          const naive::Real value = reference[static_cast<std::size_t>(token)][static_cast<std::size_t>(row)];
          CHECK(std::abs(static_cast<naive::Real>(Z(row, token).lower_double()) - value) < 1e-14L);
          CHECK(std::abs(static_cast<naive::Real>(Z(row, token).upper_double()) - value) < 1e-14L);
        }
      }
    };
    const WorkingPrecision scope(128);
    Sequence<Interval> Z = embedded(
        model.input(), Sequence<Interval>(columns(prompt).unaryExpr([](double x) { return Interval(x); })));
    for (std::size_t l = 0; l < 2; ++l) {
      Z = through_layer(model.layer(l), Z);
      check(Z, pass.states[l]);
    }
    const auto norm = model.final_norm();
    check(norm ? normalized(*norm, Z) : Z, pass.output);
  }
}

TEST_CASE("small models of all three layouts agree with loops over long double") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    for (const std::uint64_t seed : {701U, 702U}) {
      CAPTURE(family);
      CAPTURE(seed);
      const TemporaryFolder folder;
      const naive::Weights weights = weights_of(write_small_model(folder, family, seed));
      const naive::Shape shape = small_shape(family);
      const LanguageModel model(folder.path());
      RandomNumbers random(seed + 10);
      naive::Rows prompt(3, naive::Row(8));
      for (auto& token : prompt) {
        for (auto& x : token) x = random.rational(-1, 1).convert_to<double>();
      }
      const naive::Pass pass = naive::evaluate(weights, shape, prompt);
      check_pass(model, pass, prompt);
      const ModelNorms norms = sweep_layers(model, columns(prompt)).norms;
      check_norms(norms, weights, shape);
      check_bounds(norms, pass);
      // Nearby prompts: the outputs differ by no more than the Lipschitz constant allows, nor do large steps.
      for (const naive::Real step : {1e-6L, 0.5L}) {
        naive::Rows moved = prompt;
        for (auto& token : moved) {
          for (auto& x : token) x += step * random.rational(-1, 1).convert_to<double>();
        }
        const naive::Real reach = naive::largest_norm(difference(moved, prompt));
        const naive::Pass other = naive::evaluate(weights, shape, moved);
        check_at_most(naive::largest_norm(difference(other.output, pass.output)) / reach,
                      FastInterval(exp(norms.log_lipschitz)));
      }
    }
  }
}

TEST_CASE("the trained model and its prompt agree with loops over long double") {
  const std::string folder = PROMPTBOUND_MODELS_DIR;
  const naive::Weights weights = read_naively(folder + "/tiny-gpt2/model.safetensors");
  const naive::Shape shape{"gpt2", "", 64, 3, 4, 4, 16, 256, 1e-5L, 0};
  const naive::Rows prompt = tokens_of(
      read_naively(folder + "/tiny-gpt2-prompt/adapter_model.safetensors").at("prompt_embeddings"), 64);
  const LanguageModel model(folder + "/tiny-gpt2");
  const PromptAdapter adapter = read_prompt_adapter(folder + "/tiny-gpt2-prompt", model.config());
  CHECK(adapter.tokens == columns(prompt));
  const naive::Pass pass = naive::evaluate(weights, shape, prompt);
  check_pass(model, pass, prompt);
  const ModelNorms norms = sweep_layers(model, adapter.tokens).norms;
  check_norms(norms, weights, shape);
  check_bounds(norms, pass);
  naive::Real radius = 0, steepest = 0;
  for (const double gain : weights.at("h.1.ln_1.weight"))
    steepest = std::max<naive::Real>(steepest, std::abs(gain));
  for (const double bias : weights.at("h.1.ln_1.bias")) radius += naive::Real(bias) * bias;
  radius = 8 * steepest + std::sqrt(radius);
  check_agrees(norms.layers[1].R_attention, radius);
  check_agrees(norms.layers[1].norm_1, steepest / std::sqrt(1e-5L));
}

TEST_CASE("an audit covers the whole vocabulary and all positions") {
  // Tokens of the vocabulary at the last positions are in the radius as well.
  const std::string folder = PROMPTBOUND_MODELS_DIR;
  const naive::Weights weights = read_naively(folder + "/tiny-gpt2/model.safetensors");
  const ModelNorms norms = sweep_layers(LanguageModel(folder + "/tiny-gpt2"), Matrix<double>(64, 0)).norms;
  naive::Rows tokens = tokens_of(weights.at("wte.weight"), 64);
  const naive::Rows codes = tokens_of(weights.at("wpe.weight"), 64);
  CHECK(codes.size() == 192);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    naive::Rows one = {tokens[i % tokens.size()]};
    for (std::size_t c = 0; c < 64; ++c) one[0][c] += codes[i][c];
    check_at_most(naive::largest_norm(one), norms.R_in);
  }
}

namespace {

const std::string realfiles = std::string(PROMPTBOUND_MODELS_DIR) + "/realfiles/";

naive::Rows prompt_of(const std::string& folder, std::size_t d) {
  return tokens_of(read_naively(realfiles + folder + "/adapter_model.safetensors").at("prompt_embeddings"),
                   d);
}

}  // namespace

TEST_CASE("models with the layouts of published releases agree with loops over long double") {
  struct Case {
    const char* folder;
    naive::Shape shape;
  };
  const auto rotary = [](naive::Real base) {
    return naive::Shape{"llama", "model.", 16, 2, 4, 2, 8, 24, 1e-5L, base};
  };
  for (const Case& one :
       {Case{"llama3-8b-like-bf16", rotary(500000)}, Case{"llama-v5-rope_parameters", rotary(500000)},
        Case{"llama-rope-default", rotary(500000)},
        Case{"llama32-rope-llama3",
             {"llama", "model.", 16, 2, 4, 2, 8, 24, 1e-5L, 500000, false, {32, 1, 4, 16}}},
        Case{"mistral-as-is", rotary(10000)}, Case{"qwen2-as-is", rotary(1000000)},
        Case{"mx-e8m0-unused", rotary(10000)},
        Case{"rinna-gelu_fast", {"gpt2", "", 16, 2, 4, 4, 4, 64, 1e-5L, 0, true}}}) {
    CAPTURE(one.folder);
    // mx-e8m0-unused has the element type that is not read in a tensor that is not used.
    naive::Weights weights = read_naively(realfiles + one.folder + "/model.safetensors");
    const naive::Rows prompt = prompt_of("prompt-text", 16);
    const LanguageModel model(realfiles + one.folder);
    const naive::Pass pass = naive::evaluate(weights, one.shape, prompt);
    check_pass(model, pass, prompt);
    const ModelNorms norms = sweep_layers(model, columns(prompt)).norms;
    check_norms(norms, weights, one.shape);
    check_bounds(norms, pass);
  }
}

TEST_CASE("with rotary positions biases of queries and keys are part of the bounds for any token") {
  // Scores of tokens that are nearly 0 before the biases differ by the rotations of the biases alone.
  const TemporaryFolder folder;
  WrittenTensors written = write_small_model(folder, "llama", 711, 0.01);
  for (const char* layer : {"model.layers.0.", "model.layers.1."}) {
    for (const auto& [map, size] :
         {std::pair("q_proj", 8U), std::pair("k_proj", 4U), std::pair("v_proj", 4U)}) {
      written[layer + std::string("self_attn.") + map + ".bias"] = {{size}, std::vector<double>(size, 3)};
    }
  }
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, tensor] : written) tensors[name] = view(tensor.values, tensor.shape);
  folder.write("model.safetensors", safetensors_text(tensors));
  folder.write("config.json",
               R"({"model_type": "qwen2", "vocab_size": 5, "hidden_size": 8, "num_attention_heads": 4,
      "num_key_value_heads": 2, "num_hidden_layers": 2, "intermediate_size": 12, "max_position_embeddings": 16,
      "rms_norm_eps": 1e-6, "rope_theta": 100.0})");
  const naive::Weights weights = weights_of(written);
  const naive::Shape shape = small_shape("llama");
  const LanguageModel model(folder.path());
  const naive::Rows prompt(6, naive::Row(8, 0.01));
  const naive::Pass pass = naive::evaluate(weights, shape, prompt);
  check_pass(model, pass, prompt);
  const ModelNorms norms = sweep_layers(model, columns(prompt)).norms;
  check_norms(norms, weights, shape);
  check_bounds(norms, pass);
  const auto certified = sweep_layers(model, columns(prompt)).prompt;
  for (std::size_t l = 0; l < 2; ++l) {
    for (std::size_t h = 0; h < 4; ++h) {
      const FastInterval& bound = norms.layers[l].heads[h].centred_score;
      const naive::Rows scores = naive::product(pass.heads[l][h].q, naive::transposed(pass.heads[l][h].k));
      check_at_most(naive::largest_entry(scores) / std::sqrt(2.0L), bound);
      // Centring takes means of keys and of queries away: four scores of at most the bound for any token.
      CHECK(certified[l][h].centred_score.lower() > 1);
      CHECK(certified[l][h].centred_score.lower() <= 4 * bound.upper());
    }
  }
}

TEST_CASE("the Lipschitz constant of 48 layers is enclosed by its logarithm") {
  const LanguageModel model(realfiles + "deep-gpt2-xl-48-layers");
  const naive::Weights weights = read_naively(realfiles + "deep-gpt2-xl-48-layers/model.safetensors");
  const naive::Rows prompt = prompt_of("deep-prompt-p48", 4);
  const ModelNorms norms = sweep_layers(model, columns(prompt)).norms;
  const auto steepest = [&](const std::string& norm) {
    naive::Real largest = 0;
    for (const double gain : weights.at(norm + ".weight")) {
      largest = std::max<naive::Real>(largest, std::abs(gain));
    }
    return largest / std::sqrt(1e-5L);
  };
  naive::Real sum = std::log(steepest("ln_f"));
  for (std::size_t l = 0; l < 48; ++l) {
    const std::string layer = "h." + std::to_string(l) + ".";
    sum += std::log1p(steepest(layer + "ln_1") * norms.layers[l].c.upper()) +
           std::log1p(steepest(layer + "ln_2") * norms.layers[l].g.upper());
  }
  CHECK(sum > std::log(std::numeric_limits<double>::max()));
  CHECK(norms.log_lipschitz.is_finite());
  check_agrees(FastInterval(norms.log_lipschitz), sum, 1e-10L);
}

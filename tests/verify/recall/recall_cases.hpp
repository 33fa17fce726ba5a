/// Models, prompts and greedy continuations for the tests of recall, by the independent evaluation.
#pragma once

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include <promptbound/models/safetensors.hpp>
#include <promptbound/verify/recall/recall.hpp>

#include "../audit/naive_language_model.hpp"
#include "models/small_language_model.hpp"
#include "random.hpp"

namespace promptbound {

/// A model on disk with its weights as numbers, and a prompt for it.
struct RecallCase {
  TemporaryFolder model, prompt;
  naive::Weights weights;
  naive::Shape shape;
  std::string embeddings;
  naive::Rows prompt_rows;

  [[nodiscard]] std::size_t vocabulary() const { return weights.at(embeddings).size() / shape.d; }
  [[nodiscard]] naive::Row embedding(std::size_t id) const {
    const auto& table = weights.at(embeddings);
    naive::Row row(shape.d);
    for (std::size_t i = 0; i < shape.d; ++i) row[i] = table[id * shape.d + i];
    return row;
  }
  /// Behind these tokens, the logits of all others (tied embeddings).
  [[nodiscard]] naive::Row logits(const naive::Rows& tokens) const {
    const naive::Row state = naive::evaluate(weights, shape, tokens).output.back();
    naive::Row result;
    for (std::size_t id = 0; id < vocabulary(); ++id) {
      const naive::Row row = embedding(id);
      naive::Real sum = 0;
      for (std::size_t i = 0; i < shape.d; ++i) sum += row[i] * state[i];
      result.push_back(sum);
    }
    return result;
  }
  [[nodiscard]] naive::Rows before(const naive::Rows& with_prompt, const TokenSequence& sequence,
                                   std::size_t place) const {
    naive::Rows tokens = with_prompt;
    for (const std::size_t id : sequence.start) tokens.push_back(embedding(id));
    for (std::size_t k = 0; k < place; ++k) tokens.push_back(embedding(sequence.tokens[k]));
    return tokens;
  }
  /// l of the token minus the largest other one.
  [[nodiscard]] naive::Real margin(const naive::Rows& with_prompt, const TokenSequence& sequence,
                                   std::size_t place) const {
    const naive::Row all = logits(before(with_prompt, sequence, place));
    naive::Real other = -1e30L;
    for (std::size_t id = 0; id < all.size(); ++id) {
      if (id != sequence.tokens[place]) other = std::max(other, all[id]);
    }
    return all[sequence.tokens[place]] - other;
  }
  [[nodiscard]] TokenSequence greedy(const naive::Rows& with_prompt, const std::vector<std::size_t>& start,
                                     std::size_t length) const {
    TokenSequence sequence{start, {}};
    for (std::size_t k = 0; k < length; ++k) {
      const naive::Row all = logits(before(with_prompt, sequence, k));
      sequence.tokens.push_back(
          static_cast<std::size_t>(std::max_element(all.begin(), all.end()) - all.begin()));
    }
    return sequence;
  }
};

inline void write_tied_config(const TemporaryFolder& folder, const std::string& family) {
  const std::string sizes =
      family == "gpt2"
          ? R"("n_embd": 8, "n_head": 2, "n_layer": 2, "n_positions": 16, "n_inner": 12)"
          : R"("hidden_size": 8, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2,
               "intermediate_size": 12, "max_position_embeddings": 16, "rms_norm_eps": 1e-6, "rope_theta": 100.0)";
  folder.write("config.json", "{\"model_type\": \"" + family +
                                  "\", \"tie_word_embeddings\": true, \"vocab_size\": 5, " + sizes + "}");
}

/// The small random model of this family (gpt2 or llama), its output layer tied to the embeddings. binary32:
/// its numbers are rounded to that first.
inline std::unique_ptr<RecallCase> small_case(const std::string& family, std::uint64_t seed,
                                              bool binary32 = false) {
  auto made = std::make_unique<RecallCase>();
  WrittenTensors written = write_small_model(made->model, family, seed);
  std::vector<double> prompt = write_small_prompt(made->prompt, seed + 1000);
  if (binary32) {
    std::map<std::string, Tensor> tensors;
    std::map<std::string, std::vector<float>> singles;
    for (auto& [name, tensor] : written) {
      for (double& x : tensor.values) {
        singles[name].push_back(static_cast<float>(x));
        x = static_cast<double>(singles[name].back());
      }
      tensors[name] = view(singles[name], tensor.shape);
    }
    made->model.write("model.safetensors", safetensors_text(tensors));
    std::vector<float> single;
    for (double& x : prompt) {
      single.push_back(static_cast<float>(x));
      x = static_cast<double>(single.back());
    }
    made->prompt.write("adapter_model.safetensors",
                       safetensors_text({{"prompt_embeddings", view(single, {3, 8})}}));
  }
  write_tied_config(made->model, family);
  for (const auto& [name, tensor] : written) made->weights[name] = tensor.values;
  made->shape = family == "llama" ? naive::Shape{family, "model.", 8, 2, 4, 2, 2, 12, 1e-6L, 100}
                                  : naive::Shape{family, "", 8, 2, 2, 2, 4, 12, 1e-5L, 0};
  made->embeddings = family == "llama" ? "model.embed_tokens.weight" : "wte.weight";
  for (std::size_t t = 0; t < 3; ++t) {
    made->prompt_rows.emplace_back(prompt.begin() + static_cast<std::ptrdiff_t>(8 * t),
                                   prompt.begin() + static_cast<std::ptrdiff_t>(8 * (t + 1)));
  }
  return made;
}

inline RecallQuestion question_of(const RecallCase& one, std::vector<TokenSequence> sequences,
                                  bool has_prompt = true) {
  RecallQuestion question;
  question.model = one.model.path();
  if (has_prompt) question.prompts = {one.prompt.path()};
  question.sequences = std::move(sequences);
  return question;
}

/// F32 tensors of a file, read without the library.
inline naive::Weights read_singles(const std::string& path) {
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
    const std::size_t begin = entry["data_offsets"][0], end = entry["data_offsets"][1];
    for (std::size_t at = begin; at < end; at += 4) {
      float value = 0;
      std::memcpy(&value, text.data() + 8 + length + at, 4);
      weights[name].push_back(static_cast<double>(value));
    }
  }
  return weights;
}

/// The rows, each moved by this distance in a random direction.
inline naive::Rows moved_by(naive::Rows rows, naive::Real distance, RandomNumbers& random) {
  for (naive::Row& token : rows) {
    naive::Row step(token.size());
    naive::Real norm = 0;
    for (naive::Real& x : step) {
      x = random.rational(-1, 1).convert_to<double>();
      norm += x * x;
    }
    for (std::size_t i = 0; i < token.size(); ++i) token[i] += step[i] / std::sqrt(norm) * distance;
  }
  return rows;
}

/// The trained model of three layers and its prompt; its own folders stay empty.
inline std::unique_ptr<RecallCase> trained_case() {
  const std::string folder = PROMPTBOUND_MODELS_DIR;
  auto one = std::make_unique<RecallCase>();
  one->weights = read_singles(folder + "/tiny-gpt2/model.safetensors");
  one->shape = {"gpt2", "", 64, 3, 4, 4, 16, 256, 1e-5L, 0};
  one->embeddings = "wte.weight";
  const std::vector<double> prompt =
      read_singles(folder + "/tiny-gpt2-prompt/adapter_model.safetensors").at("prompt_embeddings");
  for (std::size_t t = 0; t < 8; ++t) {
    one->prompt_rows.emplace_back(prompt.begin() + static_cast<std::ptrdiff_t>(64 * t),
                                  prompt.begin() + static_cast<std::ptrdiff_t>(64 * (t + 1)));
  }
  return one;
}

inline RecallQuestion trained_question(std::vector<TokenSequence> sequences) {
  const std::string folder = PROMPTBOUND_MODELS_DIR;
  RecallQuestion question;
  question.model = folder + "/tiny-gpt2";
  question.prompts = {folder + "/tiny-gpt2-prompt"};
  question.sequences = std::move(sequences);
  return question;
}

}  // namespace promptbound

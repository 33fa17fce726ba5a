// Prefixes and low-rank updates: read where they fit the model, refused by name where they are more or other.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/models/adapters/adapter.hpp>
#include <promptbound/models/language_model.hpp>
#include <promptbound/models/safetensors.hpp>

#include "small_language_model.hpp"
#include "text.hpp"

using namespace promptbound;

namespace {

using nlohmann::json;

ModelConfig model_of(const std::string& family) {
  const TemporaryFolder folder;
  write_small_model(folder, family, 1201);
  return LanguageModel(folder.path()).config();
}

/// Numbers of few digits, all different.
WrittenTensor counted(std::vector<std::size_t> shape, double first) {
  std::size_t size = 1;
  for (const std::size_t side : shape) size *= side;
  std::vector<double> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = first + static_cast<double>(i);
  return {std::move(shape), std::move(values)};
}

void write(const TemporaryFolder& folder, const json& config, const WrittenTensors& written) {
  write_tensors(folder, "adapter_model.safetensors", written);
  folder.write("adapter_config.json", config.dump());
}

std::string refusal_of_adapter(const ModelConfig& model, const json& config, const WrittenTensors& written) {
  const TemporaryFolder folder;
  write(folder, config, written);
  return refusal_of([&] { static_cast<void>(read_adapter(folder.path(), model)); });
}

json changed(json config, const char* name, const json& value) {
  config[name] = value;
  return config;
}

const json prefix_config = {{"peft_type", "PREFIX_TUNING"},
                            {"num_virtual_tokens", 3},
                            {"num_layers", 2},
                            {"token_dim", 4},
                            {"num_attention_heads", 2},
                            {"inference_mode", true},
                            {"prefix_projection", false},
                            {"encoder_hidden_size", nullptr}};
const json lora_config = {
    {"peft_type", "LORA"},          {"r", 2},        {"lora_alpha", 16}, {"use_dora", false},
    {"target_modules", {"q_proj"}}, {"bias", "none"}};

}  // namespace

TEST_CASE("a prefix is cut into layers - keys and values - and heads") {
  // Heads of keys: 2 of width 2, so rows of 2 x 2 x 2 x 2.
  const ModelConfig model = model_of("llama");
  const TemporaryFolder folder;
  write(folder, prefix_config, {{"prompt_embeddings", counted({3, 16}, 100)}});
  const auto prefix = std::get<PrefixAdapter>(read_adapter(folder.path(), model));
  CHECK(prefix.length == 3);
  REQUIRE(prefix.layers.size() == 2);
  for (std::size_t l = 0; l < 2; ++l) {
    REQUIRE(prefix.layers[l].size() == 2);
    for (std::size_t h = 0; h < 2; ++h) {
      for (Index token = 0; token < 3; ++token) {
        for (Index entry = 0; entry < 2; ++entry) {
          const double key = 100 + 16 * static_cast<double>(token) + static_cast<double>(8 * l + 2 * h) +
                             static_cast<double>(entry);
          CHECK(prefix.layers[l][h].keys(entry, token) == key);
          CHECK(prefix.layers[l][h].values(entry, token) == key + 4);
        }
      }
    }
  }
}

TEST_CASE("prefixes that do not fit the model or are not finished are refused by name") {
  const ModelConfig model = model_of("llama");
  const WrittenTensors good = {{"prompt_embeddings", counted({3, 16}, 0)}};
  CHECK(refusal_of_adapter(model, prefix_config, good).empty());
  // As files from before shared heads say it: the number of query heads.
  CHECK(refusal_of_adapter(model, changed(prefix_config, "num_attention_heads", 4), good).empty());
  CHECK(contains(refusal_of_adapter(model, changed(prefix_config, "num_attention_heads", 3), good),
                 "num_attention_heads"));
  CHECK(
      contains(refusal_of_adapter(model, changed(prefix_config, "num_layers", 3), good), "num_layers is 3"));
  CHECK(contains(refusal_of_adapter(model, changed(prefix_config, "token_dim", 8), good), "token_dim is 8"));
  CHECK(contains(refusal_of_adapter(model, changed(prefix_config, "num_virtual_tokens", 4), good),
                 "num_virtual_tokens"));
  CHECK(contains(refusal_of_adapter(model, changed(prefix_config, "scale", 4), good), "scale"));
  json projected = changed(prefix_config, "prefix_projection", true);
  CHECK(refusal_of_adapter(model, projected, good).empty());
  projected["inference_mode"] = false;
  CHECK(contains(refusal_of_adapter(model, projected, good), "prefix_projection"));
  CHECK(contains(refusal_of_adapter(model, prefix_config, {{"prompt_embeddings", counted({3, 32}, 0)}}),
                 "(m, 16)"));
  CHECK(contains(refusal_of_adapter(model, prefix_config, {{"prompt_embeddings", counted({0, 16}, 0)}}),
                 "(m, 16)"));
  json long_one = prefix_config;
  long_one.erase("num_virtual_tokens");
  CHECK(contains(refusal_of_adapter(model, long_one, {{"prompt_embeddings", counted({16, 16}, 0)}}),
                 "16 positions"));
  WrittenTensors more = good;
  more["transform.0.weight"] = counted({2, 2}, 0);
  CHECK(contains(refusal_of_adapter(model, prefix_config, more), "transform.0.weight"));
  WrittenTensors broken = good;
  broken["prompt_embeddings"].values[7] = std::numeric_limits<double>::quiet_NaN();
  CHECK(contains(refusal_of_adapter(model, prefix_config, broken), "is NaN"));
}

TEST_CASE("a low-rank update is counted and belongs to a map of the model") {
  for (const auto& [family, map, out, in] :
       {std::tuple("llama", "model.layers.1.self_attn.k_proj", 4U, 8U),
        std::tuple("llama", "model.layers.0.mlp.down_proj", 8U, 12U),
        std::tuple("gpt2", "transformer.h.1.attn.c_attn", 24U, 8U),
        std::tuple("bert", "bert.encoder.layer.0.attention.self.value", 8U, 8U)}) {
    const std::string updated = map;
    CAPTURE(updated);
    const ModelConfig model = model_of(family);
    const std::string stem = std::string("base_model.model.") + map;
    const WrittenTensors good = {{stem + ".lora_A.weight", counted({2, in}, 0)},
                                 {stem + ".lora_B.weight", counted({out, 2}, 0)}};
    const TemporaryFolder folder;
    write(folder, lora_config, good);
    const auto update = std::get<LowRankAdapter>(read_adapter(folder.path(), model));
    CHECK(update.numbers == 2 * (in + out));
    CHECK(update.bits == 64 * update.numbers);
    CHECK(update.entry_bits == 64);
    CHECK(update.largest_rank == 2);
    REQUIRE(update.updates.size() == 1);
    CHECK(std::string(map).ends_with(update.updates[0].map));
    CHECK(update.updates[0].out == out);

    WrittenTensors other = good;
    other[stem + ".lora_B.weight"] = counted({out + 1, 2}, 0);
    CHECK(contains(refusal_of_adapter(model, lora_config, other), "made for another model"));
    other[stem + ".lora_B.weight"] = counted({out, 3}, 0);
    CHECK(contains(refusal_of_adapter(model, lora_config, other), "made for another model"));
    other = good;
    other.erase(stem + ".lora_A.weight");
    CHECK(contains(refusal_of_adapter(model, lora_config, other), "lora_A.weight"));
    other = good;
    other.erase(stem + ".lora_B.weight");
    CHECK(contains(refusal_of_adapter(model, lora_config, other), "lora_A.weight"));
    for (const char* more : {".lora_magnitude_vector", ".bias", ".lora_embedding_A"}) {
      other = good;
      other[stem + more] = counted({2}, 0);
      CHECK(contains(refusal_of_adapter(model, lora_config, other), more));
    }
    other = good;
    other["base_model.model.model.layers.2.self_attn.q_proj.lora_A.weight"] = counted({2, 8}, 0);
    other["base_model.model.model.layers.2.self_attn.q_proj.lora_B.weight"] = counted({8, 2}, 0);
    CHECK(contains(refusal_of_adapter(model, lora_config, other), "layers.2.self_attn.q_proj"));
    other = good;
    other[stem + ".lora_A.weight"].values[1] = std::numeric_limits<double>::infinity();
    CHECK(contains(refusal_of_adapter(model, lora_config, other), "infinite"));
  }
  const ModelConfig model = model_of("llama");
  CHECK(contains(refusal_of_adapter(model, changed(lora_config, "use_dora", true), {}), "use_dora"));
  CHECK(
      contains(refusal_of_adapter(
                   model, changed(lora_config, "layer_replication", json::array({json::array({0, 1})})), {}),
               "layer_replication"));
  CHECK(contains(refusal_of_adapter(model, changed(lora_config, "unheard_of", 1), {}), "unheard_of"));
  CHECK(contains(refusal_of_adapter(model, lora_config, {}), "no low-rank update"));
  CHECK(contains(refusal_of_adapter(model, {{"peft_type", "IA3"}}, {}), "PREFIX_TUNING, LORA, MULTITASK"));
}

TEST_CASE("prompts of tasks are counted and fit the model, and each other") {
  const ModelConfig model = model_of("llama");
  const json config = {{"peft_type", "MULTITASK_PROMPT_TUNING"},
                       {"num_virtual_tokens", 3},
                       {"num_tasks", 4},
                       {"num_ranks", 2},
                       {"token_dim", 8},
                       {"num_layers", 2},
                       {"num_attention_heads", 4},
                       {"num_transformer_submodules", 1},
                       {"prompt_tuning_init", "RANDOM"},
                       {"prompt_tuning_init_task", 0},
                       {"prompt_tuning_init_state_dict_path", nullptr}};
  const WrittenTensors good = {{"prompt_embeddings", counted({3, 8}, 0)},
                               {"prefix_task_cols", counted({4, 3, 2}, 0)},
                               {"prefix_task_rows", counted({4, 2, 8}, 0)}};
  const TemporaryFolder folder;
  write(folder, config, good);
  const auto of = std::get<MultitaskAdapter>(read_adapter(folder.path(), model));
  CHECK(of.length == 3);
  CHECK(of.tasks == 4);
  CHECK(of.rank == 2);
  CHECK(of.numbers == 24 + 24 + 64);
  CHECK(of.bits == 64 * of.numbers);
  CHECK(of.entry_bits == 64);
  const auto refused = [&](const char* name, std::vector<std::size_t> shape) {
    WrittenTensors other = good;
    other[name] = counted(std::move(shape), 0);
    return refusal_of_adapter(model, config, other);
  };
  CHECK(contains(refused("prompt_embeddings", {3, 9}), "(m, 8)"));
  CHECK(contains(refused("prefix_task_cols", {4, 2, 2}), "(tasks, 3, r)"));
  CHECK(contains(refused("prefix_task_cols", {4, 3, 0}), "(tasks, 3, r)"));
  CHECK(contains(refused("prefix_task_rows", {3, 2, 8}), "prefix_task_rows"));
  CHECK(contains(refused("prefix_task_rows", {4, 8, 2}), "prefix_task_rows"));
  CHECK(contains(refused("embedding.weight", {3, 8}), "embedding.weight"));
  for (const char* name : {"num_virtual_tokens", "num_tasks", "num_ranks", "token_dim", "num_layers",
                           "num_attention_heads", "num_transformer_submodules", "unheard_of"}) {
    CHECK(contains(refusal_of_adapter(model, changed(config, name, 5), good), name));
  }
  for (const auto& [name, tensor] : good) {
    WrittenTensors other = good;
    other.erase(name);
    CHECK(contains(refusal_of_adapter(model, config, other), name));
    other = good;
    other[name].values[5] = std::numeric_limits<double>::quiet_NaN();
    CHECK(contains(refusal_of_adapter(model, config, other), "is NaN"));
  }
}

#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include <promptbound/models/prompt_adapter.hpp>
#include <promptbound/models/safetensors.hpp>

#include "small_language_model.hpp"
#include "text.hpp"

using namespace promptbound;

namespace {

std::string refusal_of_layers(const TemporaryFolder& folder) {
  return refusal_of([&] {
    const LanguageModel model(folder.path());
    for (std::size_t l = 0; l < model.config().layers; ++l) static_cast<void>(model.layer(l));
    static_cast<void>(model.input());
  });
}

}  // namespace

TEST_CASE("the trained model is recognised and its tensors are where they belong") {
  const std::string folder = std::string(PROMPTBOUND_MODELS_DIR) + "/tiny-gpt2";
  const LanguageModel model(folder);
  CHECK(model.config().family == Family::gpt2);
  CHECK(model.config().width == 64);
  CHECK(model.config().head_width == 16);
  CHECK(model.config().hidden == 256);
  CHECK(model.config().norm_epsilon == Rational(1, 100000));
  const TensorFile file = read_safetensors(folder + "/model.safetensors");
  const std::vector<double> joined = values<double>(file.at("h.1.attn.c_attn.weight"));
  const TrainedLayer layer = model.layer(1);
  const std::vector<KeyGroup>& groups = layer.attention.groups;
  REQUIRE(groups.size() == 4);
  // Conv1D: element (in, out) of a 64 x 192 matrix; queries, keys and values side by side.
  CHECK(groups[2].queries[0].query.W(5, 7) == joined[7 * 192 + 2 * 16 + 5]);
  CHECK(groups[2].key.W(5, 7) == joined[7 * 192 + 64 + 2 * 16 + 5]);
  CHECK(groups[3].value.W(0, 63) == joined[63 * 192 + 128 + 3 * 16]);
  const std::vector<double> biases = values<double>(file.at("h.1.attn.c_attn.bias"));
  CHECK(groups[3].value.b(2) == biases[128 + 3 * 16 + 2]);
  CHECK(groups[3].queries[0].output(10, 4) ==
        values<double>(file.at("h.1.attn.c_proj.weight"))[(48 + 4) * 64 + 10]);
  CHECK(layer.attention.mask == Mask::causal);
  CHECK(layer.attention.score_divisor == 16);
  CHECK_FALSE(layer.attention.rotary.has_value());
  CHECK(layer.norms == NormPlace::before);
  CHECK(layer.norm_1.kind == NormKind::layer);
  CHECK(layer.ffn.W_1(200, 3) == values<double>(file.at("h.1.mlp.c_fc.weight"))[3 * 256 + 200]);
  CHECK(layer.ffn.W_2(3, 200) == values<double>(file.at("h.1.mlp.c_proj.weight"))[200 * 64 + 3]);
  // Memory that was given back is read again.
  CHECK(model.layer(1).ffn.W_1 == layer.ffn.W_1);
  CHECK(model.token_embeddings(0, 96) == model.token_embeddings(0, 96));
  CHECK(model.token_embeddings(90, 6)(1, 5) == values<double>(file.at("wte.weight"))[95UL * 64 + 1]);
  const InputWeights input = model.input();
  REQUIRE(input.position_codes->cols() == 192);
  CHECK((*input.position_codes)(0, 191) == values<double>(file.at("wpe.weight"))[191UL * 64]);
  CHECK_FALSE(input.norm.has_value());
}

TEST_CASE("grouped keys are held once and biases that a file lacks are 0") {
  const TemporaryFolder folder;
  const WrittenTensors written = write_small_model(folder, "llama", 801);
  const LanguageModel model(folder.path());
  CHECK(model.config().key_heads == 2);
  CHECK(model.config().rotary->base == 100);
  const TrainedLayer layer = model.layer(0);
  REQUIRE(layer.attention.groups.size() == 2);
  const KeyGroup& group = layer.attention.groups[1];
  REQUIRE(group.queries.size() == 2);
  CHECK(group.value.W(1, 3) == written.at("model.layers.0.self_attn.v_proj.weight").values[3 * 8 + 3]);
  CHECK(group.queries[1].query.W(1, 3) ==
        written.at("model.layers.0.self_attn.q_proj.weight").values[7 * 8 + 3]);
  CHECK(group.queries[1].output(3, 1) ==
        written.at("model.layers.0.self_attn.o_proj.weight").values[3 * 8 + 7]);
  CHECK(group.queries[0].query.b.isZero(0));
  CHECK(layer.norm_1.kind == NormKind::rms);
  CHECK(layer.ffn.gate.has_value());
  CHECK_FALSE(model.input().position_codes.has_value());
}

TEST_CASE("shards give the same model") {
  const TemporaryFolder whole, parts;
  WrittenTensors written = write_small_model(whole, "bert", 802);
  WrittenTensors first, second;
  nlohmann::json index;
  for (auto& [name, tensor] : written) {
    const bool in_first = first.size() <= second.size();
    (in_first ? first : second)[name] = tensor;
    index["weight_map"][name] = in_first ? "model-1.safetensors" : "model-2.safetensors";
  }
  write_tensors(parts, "model-1.safetensors", first);
  write_tensors(parts, "model-2.safetensors", second);
  parts.write("model.safetensors.index.json", index.dump());
  std::filesystem::copy(whole.path() + "/config.json", parts.path());
  const LanguageModel one(whole.path()), other(parts.path());
  for (std::size_t l = 0; l < 2; ++l) {
    CHECK(one.layer(l).ffn.W_2 == other.layer(l).ffn.W_2);
    CHECK(one.layer(l).attention.groups[1].queries[0].query.b ==
          other.layer(l).attention.groups[1].queries[0].query.b);
  }
  CHECK(*one.input().common_code == *other.input().common_code);
  CHECK(one.layer(0).norms == NormPlace::after);
  CHECK(one.layer(0).attention.mask == Mask::bidirectional);
}

TEST_CASE("models that are not as config.json says are refused") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    const WrittenTensors written = write_small_model(folder, family, 803);
    CHECK(refusal_of_layers(folder).empty());
    // Every tensor that is missing or of another shape is noticed, except final norms, which `refusal` does
    // not read.
    for (const auto& entry : written) {
      const std::string& name = entry.first;
      const bool is_optional = name.find("norm.weight") == name.size() - 11 || contains(name, "ln_f");
      if (is_optional && !contains(name, "layernorm")) continue;
      CAPTURE(name);
      WrittenTensors changed = written;
      changed.erase(name);
      write_tensors(folder, "model.safetensors", changed);
      CHECK_FALSE(refusal_of_layers(folder).empty());
      changed = written;
      changed[name].shape.insert(changed[name].shape.begin(), 1);
      write_tensors(folder, "model.safetensors", changed);
      CHECK(contains(refusal_of_layers(folder), "has shape (1, "));
      changed = written;
      changed[name].values.back() = std::numeric_limits<double>::quiet_NaN();
      write_tensors(folder, "model.safetensors", changed);
      // Of the token types the first is read.
      if (!contains(name, "token_type") && !contains(name, "word_embed") && !contains(name, "embed_tokens") &&
          name != "wte.weight") {
        CHECK(contains(refusal_of_layers(folder), "is NaN"));
      }
    }
  }
}

TEST_CASE("configurations that are malformed or not supported are refused") {
  const TemporaryFolder folder;
  write_small_model(folder, "llama", 804);
  const auto refused = [&](const std::string& members) {
    folder.write("config.json", members);
    return refusal_of_layers(folder);
  };
  const std::string good =
      R"("vocab_size": 5, "hidden_size": 8, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2,
      "intermediate_size": 12)";
  CHECK(refused(R"({"model_type": "llama", )" + good + "}").empty());
  CHECK(contains(refused("{}"), "\"model_type\" is missing"));
  CHECK(contains(refused("[1"), "not JSON"));
  CHECK(contains(refused(R"({"model_type": "mamba", )" + good + "}"),
                 "accepted: gpt2, llama, mistral, qwen2, qwen3, gemma, phi, gpt_neox, opt, bert, roberta, "
                 "distilbert"));
  CHECK(contains(refused(R"({"model_type": "llama", "rope_scaling": {"type": "yarn"}, )" + good + "}"),
                 "rope_scaling"));
  CHECK(contains(refused(R"({"model_type": "llama", "hidden_act": "tanh", )" + good + "}"), "hidden_act"));
  CHECK(contains(refused(R"({"model_type": "llama", "rms_norm_eps": -1, )" + good + "}"), "rms_norm_eps"));
  CHECK(contains(refused(R"({"model_type": "llama", "head_dim": 3, )" + good + "}"), "even head width"));
  CHECK(contains(refused(R"({"model_type": "llama", "vocab_size": 5, "hidden_size": 1e9})"), "hidden_size"));
  CHECK(contains(refused(R"({"model_type": "bert", )" + good + "}"), "num_key_value_heads"));
  CHECK(
      contains(refused(R"({"model_type": "bert", "vocab_size": 5, "hidden_size": 8, "num_attention_heads": 4,
      "num_hidden_layers": 2, "intermediate_size": 12})"),
               "holds no embeddings"));
  CHECK(contains(refusal_of([] { (void)LanguageModel("/nonexistent"); }), "/nonexistent: no such folder"));
}

TEST_CASE("a prompt is read exactly and one made for another model is refused") {
  const TemporaryFolder model_folder, folder;
  write_small_model(model_folder, "gpt2", 805);
  const ModelConfig config = LanguageModel(model_folder.path()).config();
  const std::vector<double> written = write_small_prompt(folder, 806);
  const PromptAdapter adapter = read_prompt_adapter(folder.path(), config);
  CHECK(adapter.tokens.cols() == 3);
  CHECK(adapter.tokens(2, 1) == written[8 + 2]);
  CHECK(adapter.type == ElementType::F64);

  const auto refused = [&](const std::string& json) {
    folder.write("adapter_config.json", json);
    return refusal_of([&] { (void)read_prompt_adapter(folder.path(), config); });
  };
  const auto with = [&](const std::string& member) {
    return refused(R"({"peft_type": "PROMPT_TUNING", )" + member + "}");
  };
  CHECK(
      contains(with(R"("token_dim": 64)"), "made for another model: token_dim is 64, and the model's is 8"));
  CHECK(contains(with(R"("num_layers": 3)"), "num_layers is 3"));
  CHECK(contains(with(R"("num_attention_heads": 4)"), "num_attention_heads is 4"));
  CHECK(contains(with(R"("num_virtual_tokens": 4)"), "num_virtual_tokens is 4"));
  CHECK(contains(refused(R"({"peft_type": "LORA"})"), "accepted: PROMPT_TUNING"));
  CHECK(contains(refused("{}"), "\"peft_type\" is missing"));
  CHECK(with(R"("num_layers": null)").empty());
  // The trained prompt is 64 wide.
  CHECK(contains(refusal_of([&] {
                   (void)read_prompt_adapter(std::string(PROMPTBOUND_MODELS_DIR) + "/tiny-gpt2-prompt",
                                             config);
                 }),
                 "made for another model"));
  WrittenTensors narrow;
  narrow["prompt_embeddings"] = {{3, 7}, std::vector<double>(21, 0.5)};
  write_tensors(folder, "adapter_model.safetensors", narrow);
  CHECK(contains(with(R"("num_layers": 2)"), "has shape (3, 7)"));
  narrow["prompt_embeddings"] = {{16, 8}, std::vector<double>(128, 0.5)};
  write_tensors(folder, "adapter_model.safetensors", narrow);
  CHECK(contains(with(R"("num_layers": 2)"), "only 16 positions"));
}

// Where a model is in a file, and which of its tensors belong to another function.
#include <doctest/doctest.h>

#include <promptbound/models/language_model.hpp>
#include <promptbound/models/safetensors.hpp>

#include "small_language_model.hpp"
#include "text.hpp"

using namespace promptbound;

namespace {

const WrittenTensor one = {{1}, {0.5}};

}  // namespace

TEST_CASE("embeddings are found behind what wrappers put before their names") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    const TemporaryFolder folder;
    const WrittenTensors written = write_small_model(folder, family, 821);
    const Matrix<double> embeddings = LanguageModel(folder.path()).token_embeddings(0, 5);
    const Matrix<double> up = LanguageModel(folder.path()).layer(1).ffn.W_1;
    for (const std::string prefix :
         {"_orig_mod.", "module.", "base_model.model.", "module._orig_mod.", "transformer.", "model."}) {
      CAPTURE(family);
      CAPTURE(prefix);
      WrittenTensors wrapped;
      for (const auto& [name, tensor] : written) wrapped[prefix + name] = tensor;
      wrapped["lm_head.weight"] = one;
      write_tensors(folder, "model.safetensors", wrapped);
      const LanguageModel model(folder.path());
      CHECK(model.token_embeddings(0, 5) == embeddings);
      CHECK(model.layer(1).ffn.W_1 == up);
    }
    WrittenTensors both = written;
    for (const auto& [name, tensor] : written) both["module." + name] = tensor;
    write_tensors(folder, "model.safetensors", both);
    CHECK(contains(refusal_of_model(folder.path()), "holds two models"));
    WrittenTensors strange;
    for (const auto& [name, tensor] : written) strange["encoder_b." + name] = tensor;
    write_tensors(folder, "model.safetensors", strange);
    CHECK(contains(refusal_of_model(folder.path()), "has an unknown prefix"));
  }
}

TEST_CASE("a tensor that a layer of the model does not have is refused by name") {
  struct Case {
    const char* family;
    std::vector<const char*> names;
  };
  for (const Case& each :
       {Case{"gpt2",
             {"h.0.crossattention.c_attn.weight", "h.1.attn.q_norm.weight", "h.0.ln_3.weight",
              "h.0.attn.c_attn.weight_scale", "h.2.ln_1.weight", "h.0.attn.c_attn.lora_A.weight",
              "emb_norm.weight", "h.x.weight", "ln_f.scale"}},
        Case{"llama",
             {"model.layers.0.self_attn.q_norm.weight", "model.layers.0.self_attn.q_proj.bias",
              "model.layers.0.self_attn.o_proj.bias", "model.layers.0.mlp.up_proj.bias",
              "model.layers.1.pre_feedforward_layernorm.weight", "model.layers.1.input_layernorm.bias",
              "model.layers.0.mlp.experts.0.up_proj.weight", "model.layers.2.input_layernorm.weight",
              "model.embed_positions.weight", "model.norm.bias"}},
        Case{"bert",
             {"bert.encoder.layer.0.crossattention.self.query.weight",
              "bert.encoder.layer.0.attention.self.distance_embedding.weight",
              "bert.embeddings.embeddings_project.weight", "bert.encoder.LayerNorm.weight"}}}) {
    const TemporaryFolder folder;
    const WrittenTensors written = write_small_model(folder, each.family, 822);
    CHECK(refusal_of_model(folder.path()).empty());
    for (const std::string name : each.names) {
      CAPTURE(name);
      WrittenTensors changed = written;
      changed[name] = one;
      write_tensors(folder, "model.safetensors", changed);
      CHECK(contains(refusal_of_model(folder.path()), name));
    }
  }
}

TEST_CASE("buffers - heads and what lies outside the model are no part of it") {
  struct Case {
    const char* family;
    std::vector<const char*> names;
  };
  for (const Case& each : {Case{"gpt2",
                                {"h.0.attn.bias", "h.1.attn.masked_bias", "lm_head.weight", "score.weight",
                                 "multiple_choice_head.summary.weight", "v_head.summary.weight"}},
                           Case{"llama",
                                {"model.rotary_emb.inv_freq", "model.layers.1.self_attn.rotary_emb.inv_freq",
                                 "lm_head.weight", "mtp.layers.0.weight", "adapter.weight"}},
                           Case{"bert",
                                {"bert.pooler.dense.weight", "bert.embeddings.position_ids",
                                 "cls.predictions.bias", "classifier.weight", "qa_outputs.weight"}}}) {
    const TemporaryFolder folder;
    WrittenTensors written = write_small_model(folder, each.family, 823);
    const Matrix<double> down = LanguageModel(folder.path()).layer(1).ffn.W_2;
    for (const char* name : each.names) written[name] = one;
    write_tensors(folder, "model.safetensors", written);
    CHECK(LanguageModel(folder.path()).layer(1).ffn.W_2 == down);
  }
}

TEST_CASE("biases that the configuration asks for are needed and read") {
  const TemporaryFolder folder;
  WrittenTensors written = write_small_model(folder, "llama", 824);
  const auto write_config = [&](const char* type, const char* members) {
    folder.write("config.json", std::string(R"({"model_type": ")") + type +
                                    R"(", "vocab_size": 5, "hidden_size": 8, "num_attention_heads": 4,
      "num_key_value_heads": 2, "num_hidden_layers": 2, "intermediate_size": 12)" +
                                    members + "}");
  };
  const auto layer = [&] { return LanguageModel(folder.path()).layer(1); };
  write_config("qwen2", "");
  CHECK(contains(refusal_of([&] { static_cast<void>(layer()); }), "_proj.bias"));
  for (const char* number : {"0", "1"}) {
    const std::string prefix = std::string("model.layers.") + number + ".self_attn.";
    written[prefix + "q_proj.bias"] = {{8}, {1, 2, 3, 4, 5, 6, 7, 8}};
    written[prefix + "k_proj.bias"] = {{4}, {9, 10, 11, 12}};
    written[prefix + "v_proj.bias"] = {{4}, {13, 14, 15, 16}};
  }
  write_tensors(folder, "model.safetensors", written);
  CHECK(layer().attention.groups[1].queries[0].query.b == Vector<double>{{5, 6}});
  CHECK(layer().attention.groups[1].key.b == Vector<double>{{11, 12}});
  CHECK(layer().attention.groups[1].value.b == Vector<double>{{15, 16}});
  CHECK(layer().attention.output_bias.isZero(0));
  write_config("mistral", "");
  CHECK(contains(refusal_of_model(folder.path()), "k_proj.bias"));
  write_config("llama", R"(, "attention_bias": true)");
  CHECK(contains(refusal_of([&] { static_cast<void>(layer()); }), "self_attn.o_proj.bias"));
  for (const char* number : {"0", "1"}) {
    written[std::string("model.layers.") + number + ".self_attn.o_proj.bias"] = {{8},
                                                                                 {1, 1, 1, 1, 1, 1, 1, 9}};
  }
  write_tensors(folder, "model.safetensors", written);
  CHECK(layer().attention.output_bias(7) == 9);
}

TEST_CASE("both names of a norm of BERT at once are two models") {
  const TemporaryFolder folder;
  WrittenTensors written = write_small_model(folder, "bert", 825);
  const auto layer = [&] { return LanguageModel(folder.path()).layer(0); };
  const Vector<double> gain = layer().norm_1.gain;
  const std::string norm = "bert.encoder.layer.0.attention.output.LayerNorm.";
  written[norm + "gamma"] = written[norm + "weight"];
  written[norm + "beta"] = written[norm + "bias"];
  write_tensors(folder, "model.safetensors", written);
  CHECK(contains(refusal_of([&] { static_cast<void>(layer()); }), norm + "gamma"));
  written.erase(norm + "weight");
  written.erase(norm + "bias");
  write_tensors(folder, "model.safetensors", written);
  CHECK(layer().norm_1.gain == gain);
}

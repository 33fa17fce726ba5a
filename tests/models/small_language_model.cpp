#include "models/small_language_model.hpp"

#include <promptbound/models/language_model.hpp>
#include <promptbound/models/safetensors.hpp>

namespace promptbound {
namespace {

class Builder {
 public:
  Builder(std::uint64_t seed, double scale) : random_(seed), scale_(scale) {}

  void add(const std::string& name, std::vector<std::size_t> shape, double shift = 0) {
    std::size_t size = 1;
    for (const std::size_t side : shape) size *= side;
    std::vector<double> values(size);
    for (double& x : values) x = shift + scale_ * random_.rational(-1, 1).convert_to<double>();
    tensors_[name] = {std::move(shape), std::move(values)};
  }
  void linear(const std::string& name, std::size_t out, std::size_t in, bool bias) {
    add(name + ".weight", {out, in});
    if (bias) add(name + ".bias", {out});
  }
  void conv1d(const std::string& name, std::size_t out, std::size_t in) {
    add(name + ".weight", {in, out});
    add(name + ".bias", {out});
  }
  void norm(const std::string& name, bool bias) {
    add(name + ".weight", {8}, 1);
    if (bias) add(name + ".bias", {8});
  }
  WrittenTensors take() { return std::move(tensors_); }

 private:
  RandomNumbers random_;
  double scale_;
  WrittenTensors tensors_;
};

WrittenTensors gpt2_tensors(Builder builder) {
  builder.add("wte.weight", {5, 8});
  builder.add("wpe.weight", {16, 8});
  for (const char* layer : {"h.0.", "h.1."}) {
    const std::string prefix = layer;
    builder.conv1d(prefix + "attn.c_attn", 24, 8);
    builder.conv1d(prefix + "attn.c_proj", 8, 8);
    builder.conv1d(prefix + "mlp.c_fc", 12, 8);
    builder.conv1d(prefix + "mlp.c_proj", 8, 12);
    builder.norm(prefix + "ln_1", true);
    builder.norm(prefix + "ln_2", true);
  }
  builder.norm("ln_f", true);
  return builder.take();
}

WrittenTensors llama_tensors(Builder builder) {
  builder.add("model.embed_tokens.weight", {5, 8});
  for (const char* layer : {"model.layers.0.", "model.layers.1."}) {
    const std::string prefix = layer;
    builder.linear(prefix + "self_attn.q_proj", 8, 8, false);
    builder.linear(prefix + "self_attn.k_proj", 4, 8, false);
    builder.linear(prefix + "self_attn.v_proj", 4, 8, false);
    builder.linear(prefix + "self_attn.o_proj", 8, 8, false);
    builder.linear(prefix + "mlp.gate_proj", 12, 8, false);
    builder.linear(prefix + "mlp.up_proj", 12, 8, false);
    builder.linear(prefix + "mlp.down_proj", 8, 12, false);
    builder.norm(prefix + "input_layernorm", false);
    builder.norm(prefix + "post_attention_layernorm", false);
  }
  builder.norm("model.norm", false);
  return builder.take();
}

WrittenTensors bert_tensors(Builder builder) {
  const std::string embeddings = "bert.embeddings.";
  builder.add(embeddings + "word_embeddings.weight", {5, 8});
  builder.add(embeddings + "position_embeddings.weight", {16, 8});
  builder.add(embeddings + "token_type_embeddings.weight", {2, 8});
  builder.norm(embeddings + "LayerNorm", true);
  for (const char* layer : {"bert.encoder.layer.0.", "bert.encoder.layer.1."}) {
    const std::string prefix = layer;
    for (const char* name : {"query", "key", "value"}) {
      builder.linear(prefix + "attention.self." + name, 8, 8, true);
    }
    builder.linear(prefix + "attention.output.dense", 8, 8, true);
    builder.linear(prefix + "intermediate.dense", 12, 8, true);
    builder.linear(prefix + "output.dense", 8, 12, true);
    builder.norm(prefix + "attention.output.LayerNorm", true);
    builder.norm(prefix + "output.LayerNorm", true);
  }
  return builder.take();
}

}  // namespace

void write_tensors(const TemporaryFolder& folder, const std::string& file, const WrittenTensors& written) {
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, tensor] : written) tensors[name] = view(tensor.values, tensor.shape);
  folder.write(file, safetensors_text(tensors));
}

std::string refusal_of_model(const std::string& folder) {
  return refusal_of([&] { static_cast<void>(LanguageModel(folder)); });
}

WrittenTensors write_small_model(const TemporaryFolder& folder, const std::string& family, std::uint64_t seed,
                                 double scale) {
  const Builder builder(seed, scale);
  WrittenTensors written;
  std::string config;
  if (family == "gpt2") {
    written = gpt2_tensors(builder);
    config = R"("n_embd": 8, "n_head": 2, "n_layer": 2, "n_positions": 16, "n_inner": 12)";
  } else if (family == "llama") {
    written = llama_tensors(builder);
    config = R"("hidden_size": 8, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2,
      "intermediate_size": 12, "max_position_embeddings": 16, "rms_norm_eps": 1e-6, "rope_theta": 100.0)";
  } else {
    written = bert_tensors(builder);
    config = R"("hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 12,
      "max_position_embeddings": 16, "layer_norm_eps": 1e-6)";
  }
  write_tensors(folder, "model.safetensors", written);
  folder.write("config.json", "{\"model_type\": \"" + family + "\", \"vocab_size\": 5, " + config + "}");
  return written;
}

std::vector<double> write_small_prompt(const TemporaryFolder& folder, std::uint64_t seed) {
  Builder builder(seed, 0.5);
  builder.add("prompt_embeddings", {3, 8});
  WrittenTensors written = builder.take();
  write_tensors(folder, "adapter_model.safetensors", written);
  folder.write("adapter_config.json",
               R"({"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 3, "token_dim": 8, "num_layers": 2})");
  return written.at("prompt_embeddings").values;
}

}  // namespace promptbound

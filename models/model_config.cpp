#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/model_config.hpp>
#include <promptbound/models/rotary_config.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using namespace std::literals;

Activation activation_of(const ConfigReader& config, const char* name, const char* otherwise) {
  const std::string text = config.text_or(name, otherwise);
  if (text == "relu") return Activation::relu;
  if (text == "gelu" || text == "gelu_python") return Activation::gelu;
  if (text == "gelu_new" || text == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (text == "gelu_fast") return Activation::gelu_fast;
  if (text == "silu" || text == "swish") return Activation::silu;
  config.fail(
      name, excerpt(text) + " (accepted: relu, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, silu or swish)");
}

/// A class around the base model of this family, as in GPT2LMHeadModel: its heads stand behind the last norm.
bool is_class_of(std::string_view name, std::string_view family) {
  constexpr std::array ends = {"Model"sv,
                               "LMHeadModel"sv,
                               "DoubleHeadsModel"sv,
                               "ForCausalLM"sv,
                               "ForMaskedLM"sv,
                               "ForPreTraining"sv,
                               "ForNextSentencePrediction"sv,
                               "ForSequenceClassification"sv,
                               "ForTokenClassification"sv,
                               "ForMultipleChoice"sv,
                               "ForQuestionAnswering"sv};
  for (const std::string_view framework : {"TF"sv, "Flax"sv}) {
    if (name.starts_with(framework)) name.remove_prefix(framework.size());
  }
  if (!name.starts_with(family)) return false;
  name.remove_prefix(family.size());
  return std::find(ends.begin(), ends.end(), name) != ends.end();
}

/// The class that computes the model must be the family's own: others may compute anything.
void check_classes(const ConfigReader& config, std::string_view family) {
  if (const Json* classes = config.find("architectures")) {
    if (!classes->is_array()) config.fail("architectures", "an array of class names is needed");
    for (const Json& entry : *classes) {
      const bool is_known = entry.is_string() && is_class_of(entry.get_ref<const std::string&>(), family);
      if (!is_known) config.doubt("architectures", excerpt(entry));
    }
  }
  if (const Json* map = config.find("auto_map")) {
    if (!map->is_object()) config.fail("auto_map", "an object is needed");
    for (const auto& [name, entry] : map->items()) {
      const bool is_model = name != "AutoTokenizer" && name != "AutoProcessor" &&
                            name != "AutoImageProcessor" && name != "AutoFeatureExtractor";
      if (is_model) config.doubt("auto_map", excerpt(name) + ": " + excerpt(entry));
    }
  }
  constexpr std::array kernels = {"eager"sv, "sdpa"sv, "flash_attention_2"sv, "flash_attention_3"sv,
                                  "flex_attention"sv};
  for (const char* name : {"attn_implementation", "_attn_implementation"}) {
    const std::string kernel = config.text_or(name, "eager");
    if (std::find(kernels.begin(), kernels.end(), kernel) == kernels.end()) {
      config.doubt(name, excerpt(kernel));
    }
  }
}

/// What no family has.
void check_common(const ConfigReader& config) {
  if (const Json* quantized = config.find("quantization_config")) {
    const bool has_method = quantized->is_object() && quantized->contains("quant_method");
    config.fail("quantization_config",
                "quantized weights are not read" +
                    (has_method ? " (quant_method " + excerpt((*quantized)["quant_method"]) + ")" : ""));
  }
  config.require("is_encoder_decoder", false, "only single stacks are");
  config.require("add_cross_attention", false, "layers with cross-attention are not modelled");
  config.require("pruned_heads", Json::object(), "layers that lack heads are not modelled");
}

ModelConfig gpt2(const ConfigReader& config) {
  ModelConfig model;
  model.family = Family::gpt2;
  model.width = config.count("n_embd");
  model.layers = config.count("n_layer");
  model.heads = model.key_heads = config.count("n_head");
  model.hidden = config.count_or("n_inner", 4 * model.width);
  model.positions =
      config.find("n_positions") != nullptr ? config.count("n_positions") : config.count("n_ctx");
  model.activation = activation_of(config, "activation_function", "gelu_new");
  model.norm_epsilon = config.positive_or("layer_norm_epsilon", "1e-5");
  model.scaled = config.flag_or("scale_attn_weights", true);
  config.require("scale_attn_by_inverse_layer_idx", false, "one scale of scores for all layers is modelled");
  config.require("is_causal", true, "only causal attention is modelled in this layout");
  return model;
}

/// How far a token sees back in models of type mistral and qwen2, whose classes have a window by default.
std::optional<std::size_t> window_of(const ConfigReader& config, const std::string& type) {
  const bool is_on = type == "mistral" || (type == "qwen2" && config.flag_or("use_sliding_window", false));
  // A window that is not on has no meaning, and models of type llama have none.
  if (!is_on) {
    if (type == "qwen2") static_cast<void>(config.find("sliding_window"));
    return std::nullopt;
  }
  if (!config.has("sliding_window")) return 4096;
  if (config.find("sliding_window") == nullptr) return std::nullopt;
  return config.count("sliding_window");
}

void check_layer_types(const ConfigReader& config, const ModelConfig& model) {
  const Json* types = config.find("layer_types");
  if (types == nullptr) return;
  if (!types->is_array()) config.fail("layer_types", "an array of names is needed");
  for (const Json& type : *types) {
    const bool is_known = type == "full_attention" || (type == "sliding_attention" && model.window);
    if (!is_known) config.fail("layer_types", excerpt(type) + " is not modelled");
  }
}

/// llama, mistral and qwen2: the classes differ in biases, windows and defaults.
ModelConfig llama(const ConfigReader& config, const std::string& type) {
  ModelConfig model;
  model.family = Family::llama;
  model.width = config.count("hidden_size");
  model.layers = config.count("num_hidden_layers");
  model.heads = config.count("num_attention_heads");
  if (type != "llama" && !config.has("num_key_value_heads")) {
    config.fail("num_key_value_heads", "is needed in models of type " + type);
  }
  model.key_heads = config.count_or("num_key_value_heads", model.heads);
  model.head_width = config.count_or("head_dim", 0);
  model.hidden = config.count("intermediate_size");
  const std::size_t positions = type == "llama" ? 2048 : type == "mistral" ? 131072 : 32768;
  model.positions = config.count_or("max_position_embeddings", positions);
  model.activation = activation_of(config, "hidden_act", "silu");
  model.norm_epsilon = config.positive_or("rms_norm_eps", "1e-6");
  model.rotary = rotary_positions(config);
  model.window = window_of(config, type);
  check_layer_types(config, model);
  config.require("is_causal", true, "only causal attention is modelled in this layout");
  if (type == "llama") {
    model.query_bias = model.output_bias = config.flag_or("attention_bias", false);
    model.ffn_bias = config.flag_or("mlp_bias", false);
    return model;
  }
  // The class of qwen2 has biases of queries, keys and values whatever the configuration says.
  model.query_bias = type == "qwen2";
  model.output_bias = model.ffn_bias = false;
  if (type == "qwen2") {
    static_cast<void>(config.find("attention_bias"));
  } else {
    config.require("attention_bias", false, "models of type " + type + " have no such biases");
  }
  config.require("mlp_bias", false, "models of type " + type + " have no such biases");
  return model;
}

ModelConfig bert(const ConfigReader& config) {
  ModelConfig model;
  model.family = Family::bert;
  model.width = config.count("hidden_size");
  model.layers = config.count("num_hidden_layers");
  model.heads = model.key_heads = config.count("num_attention_heads");
  model.hidden = config.count("intermediate_size");
  model.positions = config.count_or("max_position_embeddings", 512);
  model.token_types = config.count_or("type_vocab_size", 2);
  model.activation = activation_of(config, "hidden_act", "gelu");
  model.norm_epsilon = config.positive_or("layer_norm_eps", "1e-12");
  config.require("position_embedding_type", "absolute", "only absolute positions are modelled");
  config.require("is_decoder", false, "only bidirectional attention is modelled in this layout");
  config.require("is_causal", false, "only bidirectional attention is modelled in this layout");
  config.require("directionality", "bidi", "only bidirectional attention is modelled in this layout");
  return model;
}

/// The family, its members and its classes.
ModelConfig of_type(const ConfigReader& config, const std::string& type) {
  constexpr std::array types = {std::pair("gpt2"sv, "GPT2"sv), std::pair("llama"sv, "Llama"sv),
                                std::pair("mistral"sv, "Mistral"sv), std::pair("qwen2"sv, "Qwen2"sv),
                                std::pair("bert"sv, "Bert"sv)};
  for (const auto& [known, family] : types) {
    if (type != known) continue;
    check_classes(config, family);
    if (type == "gpt2") return gpt2(config);
    if (type == "bert") return bert(config);
    return llama(config, type);
  }
  config.fail("model_type", excerpt(type) + " (accepted: gpt2, llama, mistral, qwen2, bert)");
}

}  // namespace

std::string_view name(Family family) {
  switch (family) {
    case Family::gpt2:
      return "gpt2";
    case Family::llama:
      return "llama";
    default:
      return "bert";
  }
}

ModelConfig read_model_config(const std::string& path, const std::vector<std::string>& assumed_inert) {
  const Json json = read_foreign_json(path);
  const ConfigReader config(json, path);
  check_common(config);
  if (config.find("model_type") == nullptr) throw InputError(path + ": the member \"model_type\" is missing");
  const std::string type = config.text_or("model_type", "");
  ModelConfig model = of_type(config, type);
  model.type = type;
  model.vocabulary = config.count("vocab_size");
  model.assumed_inert = config.check_all(
      [&](const std::string& name) { return is_inert_member(model.family, name); }, assumed_inert);
  if (model.head_width == 0) {
    if (model.width % model.heads != 0) {
      throw InputError(path + ": the width " + std::to_string(model.width) + " is not divisible into " +
                       std::to_string(model.heads) + " heads");
    }
    model.head_width = model.width / model.heads;
  }
  if (model.heads % model.key_heads != 0) {
    throw InputError(path + ": " + std::to_string(model.heads) + " heads cannot share " +
                     std::to_string(model.key_heads) + " heads of keys evenly");
  }
  if (model.rotary && model.head_width % 2 != 0) {
    throw InputError(path + ": rotary positions need an even head width, not " +
                     std::to_string(model.head_width));
  }
  return model;
}

}  // namespace promptbound

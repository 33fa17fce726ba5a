// The architectures, of model_config.hpp: what a configuration of each model_type means.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/rotary_config.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using namespace std::literals;

Activation activation_named(const ConfigReader& config, const char* name, const std::string& text) {
  if (text == "relu") return Activation::relu;
  if (text == "gelu" || text == "gelu_python") return Activation::gelu;
  if (text == "gelu_new" || text == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (text == "gelu_fast") return Activation::gelu_fast;
  if (text == "silu" || text == "swish") return Activation::silu;
  config.fail(
      name, excerpt(text) + " (accepted: relu, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, silu or swish)");
}

Activation activation_of(const ConfigReader& config, const char* name, const char* otherwise) {
  return activation_named(config, name, config.text_or(name, otherwise));
}

/// The members that most types have under these names.
ModelConfig common(const ConfigReader& config, Family family) {
  ModelConfig model;
  model.family = family;
  model.width = config.count("hidden_size");
  model.layers = config.count("num_hidden_layers");
  model.heads = model.key_heads = config.count("num_attention_heads");
  return model;
}

void require_causal(const ConfigReader& config) {
  config.require("is_causal", true, "only causal attention is modelled in this layout");
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
  require_causal(config);
  return model;
}

/// How far a token sees back in models whose classes have a window.
std::optional<std::size_t> window_of(const ConfigReader& config, const std::string& type) {
  const bool has_switch = type == "qwen2" || type == "qwen3";
  const bool is_on = type == "mistral" || (has_switch && config.flag_or("use_sliding_window", false));
  // A window that is not on has no meaning, and models of other types have none.
  if (!is_on) {
    if (has_switch) static_cast<void>(config.find("sliding_window"));
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

/// Versions of the class read hidden_act, or hidden_activation with the tanh form where it is absent: only
/// where both give the same is the function defined by the file.
Activation gemma_activation(const ConfigReader& config) {
  const Activation newer = activation_of(config, "hidden_activation", "gelu_pytorch_tanh");
  if (activation_of(config, "hidden_act", "gelu_pytorch_tanh") != newer) {
    config.fail("hidden_act",
                "differs from hidden_activation, of which versions of the class read one (where "
                "it is absent: gelu_pytorch_tanh)");
  }
  return newer;
}

/// Which projections have biases: what the class has, whatever the configuration says, or what it says.
void read_llama_biases(const ConfigReader& config, const std::string& type, ModelConfig& model) {
  const std::string none = "models of type " + type + " have no such biases";
  model.query_bias = model.output_bias = model.ffn_bias = false;
  if (type == "qwen2") {
    model.query_bias = true;
    static_cast<void>(config.find("attention_bias"));
  } else if (type == "mistral") {
    config.require("attention_bias", false, none);
  } else {
    model.query_bias = model.output_bias = config.flag_or("attention_bias", false);
  }
  if (type == "llama") {
    model.ffn_bias = config.flag_or("mlp_bias", false);
  } else {
    config.require("mlp_bias", false, none);
  }
}

/// llama, mistral, qwen2, qwen3 and gemma: the classes differ in biases, windows, norms and defaults.
ModelConfig llama(const ConfigReader& config, const std::string& type) {
  const auto of_type = [&](std::size_t llama, std::size_t mistral, std::size_t gemma, std::size_t qwen) {
    return type == "llama" ? llama : type == "mistral" ? mistral : type == "gemma" ? gemma : qwen;
  };
  ModelConfig model = common(config, Family::llama);
  if (type != "llama" && !config.has("num_key_value_heads")) {
    config.fail("num_key_value_heads", "is needed in models of type " + type);
  }
  model.key_heads = config.count_or("num_key_value_heads", model.heads);
  const std::size_t own_head_width = type == "gemma" ? 256 : type == "qwen3" ? 128 : 0;
  if (own_head_width != 0 && config.has("head_dim") && config.find("head_dim") == nullptr) {
    config.fail("head_dim", "a number is needed in models of type " + type);
  }
  model.head_width = config.count_or("head_dim", own_head_width);
  model.hidden = config.count("intermediate_size");
  model.positions = config.count_or("max_position_embeddings", of_type(2048, 131072, 8192, 32768));
  model.activation = type == "gemma" ? gemma_activation(config) : activation_of(config, "hidden_act", "silu");
  model.gated = true;
  model.norm_kind = NormKind::rms;
  model.norm_epsilon = config.positive_or("rms_norm_eps", "1e-6");
  model.head_norms = type == "qwen3";
  model.gain_from_one = model.scaled_embeddings = type == "gemma";
  read_rotary_positions(config, {}, model);
  model.window = window_of(config, type);
  check_layer_types(config, model);
  model.causal = config.flag_or("is_causal", true);
  read_llama_biases(config, type, model);
  return model;
}

ModelConfig phi(const ConfigReader& config) {
  ModelConfig model = common(config, Family::phi);
  model.norm_place = NormPlace::parallel;
  model.key_heads = config.count_or("num_key_value_heads", model.heads);
  model.hidden = config.count("intermediate_size");
  model.positions = config.count_or("max_position_embeddings", 2048);
  model.activation = activation_of(config, "hidden_act", "gelu_new");
  model.norm_epsilon = config.positive_or("layer_norm_eps", "1e-5");
  model.head_norms = config.flag_or("qk_layernorm", false);
  read_rotary_positions(config, {.usual_part = "0.5"}, model);
  require_causal(config);
  return model;
}

ModelConfig gpt_neox(const ConfigReader& config) {
  ModelConfig model = common(config, Family::gpt_neox);
  const bool is_parallel = config.flag_or("use_parallel_residual", true);
  model.norm_place = is_parallel ? NormPlace::parallel : NormPlace::before;
  model.hidden = config.count("intermediate_size");
  model.positions = config.count_or("max_position_embeddings", 2048);
  model.activation = activation_of(config, "hidden_act", "gelu");
  model.norm_epsilon = config.positive_or("layer_norm_eps", "1e-5");
  model.query_bias = model.output_bias = config.flag_or("attention_bias", true);
  read_rotary_positions(config, {"rotary_emb_base", "rotary_pct", "0.25"}, model);
  require_causal(config);
  return model;
}

ModelConfig opt(const ConfigReader& config) {
  ModelConfig model = common(config, Family::opt);
  model.hidden = config.count("ffn_dim");
  model.positions = config.count_or("max_position_embeddings", 2048);
  model.position_offset = 2;
  model.activation = activation_of(config, "activation_function", "relu");
  model.norm_epsilon = Rational(1, 100000);  // the class's own
  model.query_bias = model.output_bias = model.ffn_bias = config.flag_or("enable_bias", true);
  config.require("do_layer_norm_before", true, "norms after the blocks are not modelled in this layout");
  config.require("word_embed_proj_dim", model.width, "embeddings of another width are not modelled");
  config.require("layer_norm_elementwise_affine", true, "norms without gains are not modelled");
  config.require("_remove_final_layer_norm", false, "models without their last norm are not modelled");
  require_causal(config);
  return model;
}

void require_bidirectional(const ConfigReader& config) {
  const std::string reason = "only bidirectional attention is modelled in this layout";
  config.require("is_decoder", false, reason);
  config.require("is_causal", false, reason);
}

ModelConfig bert(const ConfigReader& config, const std::string& type) {
  ModelConfig model = common(config, Family::bert);
  model.causal = false;
  model.norm_place = NormPlace::after;
  model.hidden = config.count("intermediate_size");
  model.token_types = config.count_or("type_vocab_size", 2);
  model.activation = activation_of(config, "hidden_act", "gelu");
  model.norm_epsilon = config.positive_or("layer_norm_eps", "1e-12");
  // Positions of roberta begin behind the row of its padding.
  if (type == "roberta") model.position_offset = config.whole_or("pad_token_id", 1) + 1;
  const std::size_t rows = config.count_or("max_position_embeddings", 512);
  if (rows <= model.position_offset) {
    config.fail("max_position_embeddings", "leaves no position behind that of pad_token_id");
  }
  model.positions = rows - model.position_offset;
  config.require("position_embedding_type", "absolute", "only absolute positions are modelled");
  config.require("directionality", "bidi", "only bidirectional attention is modelled in this layout");
  require_bidirectional(config);
  return model;
}

ModelConfig distilbert(const ConfigReader& config) {
  ModelConfig model;
  model.family = Family::distilbert;
  model.causal = false;
  model.norm_place = NormPlace::after;
  model.width = config.count("dim");
  model.layers = config.count("n_layers");
  model.heads = model.key_heads = config.count("n_heads");
  model.hidden = config.count("hidden_dim");
  model.positions = config.count_or("max_position_embeddings", 512);
  model.activation = activation_of(config, "activation", "gelu");
  model.norm_epsilon = Rational(1, 1'000'000'000'000);  // the class's own
  require_bidirectional(config);
  return model;
}

/// The encoder, alone or in a model with a decoder, of which nothing is said.
ModelConfig t5(const ConfigReader& config) {
  ModelConfig model;
  model.family = Family::t5;
  model.causal = model.scaled = false;
  model.query_bias = model.output_bias = model.ffn_bias = false;
  model.norm_kind = NormKind::rms;
  model.width = config.count("d_model");
  model.layers = config.count("num_layers");
  model.heads = model.key_heads = config.count("num_heads");
  model.head_width = config.count_or("d_kv", 64);
  model.hidden = config.count("d_ff");
  // Any length is possible: this is the one that such models were trained for.
  model.positions = config.count_or("n_positions", 512);
  model.norm_epsilon = config.positive_or("layer_norm_epsilon", "1e-6");
  model.relative_buckets = config.count_or("relative_attention_num_buckets", 32);
  if (model.relative_buckets < 4 || model.relative_buckets > 1024) {
    config.fail("relative_attention_num_buckets", "from 4 to 1024 are modelled");
  }
  model.relative_distance = config.count_or("relative_attention_max_distance", 128);
  if (model.relative_distance <= model.relative_buckets / 4) {
    config.fail("relative_attention_max_distance",
                "is no more than a quarter of the buckets, which have a "
                "distance each");
  }
  // Stored beside feed_forward_proj, from which the class makes them.
  const std::string kind = config.text_or("feed_forward_proj", "relu");
  model.gated = kind.starts_with("gated-");
  const std::string function = kind == "gated-gelu" ? "gelu_new" : model.gated ? kind.substr(6) : kind;
  config.require("is_gated_act", model.gated, "feed_forward_proj says otherwise");
  config.require("dense_act_fn", function, "feed_forward_proj says otherwise");
  model.activation = activation_named(config, "feed_forward_proj", function);
  config.require("is_decoder", false, "only the encoder is modelled in this layout");
  static_cast<void>(config.find("is_encoder_decoder"));
  return model;
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
  if (family == "T5" && (name == "EncoderModel" || name == "ForConditionalGeneration")) return true;
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

}  // namespace

ModelConfig read_family(const ConfigReader& config, const std::string& type) {
  constexpr std::array types = {std::pair("gpt2"sv, "GPT2"sv),
                                std::pair("llama"sv, "Llama"sv),
                                std::pair("mistral"sv, "Mistral"sv),
                                std::pair("qwen2"sv, "Qwen2"sv),
                                std::pair("qwen3"sv, "Qwen3"sv),
                                std::pair("gemma"sv, "Gemma"sv),
                                std::pair("phi"sv, "Phi"sv),
                                std::pair("gpt_neox"sv, "GPTNeoX"sv),
                                std::pair("opt"sv, "OPT"sv),
                                std::pair("bert"sv, "Bert"sv),
                                std::pair("roberta"sv, "Roberta"sv),
                                std::pair("distilbert"sv, "DistilBert"sv),
                                std::pair("t5"sv, "T5"sv)};
  std::string accepted;
  for (const auto& [known, family] : types) {
    accepted += (accepted.empty() ? "" : ", ") + std::string(known);
    if (type != known) continue;
    check_classes(config, family);
    if (type == "gpt2") return gpt2(config);
    if (type == "phi") return phi(config);
    if (type == "gpt_neox") return gpt_neox(config);
    if (type == "opt") return opt(config);
    if (type == "distilbert") return distilbert(config);
    if (type == "t5") return t5(config);
    if (type == "bert" || type == "roberta") return bert(config, type);
    return llama(config, type);
  }
  config.fail("model_type", excerpt(type) + " (accepted: " + accepted + ")");
}

}  // namespace promptbound

#include <nlohmann/json.hpp>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/models/model_config.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {
namespace {

/// The members of a configuration, with defaults as the published formats have them.
class ConfigReader {
 public:
  ConfigReader(const Json& json, const std::string& where) : json_(json), where_(where) {}

  [[nodiscard]] const Json* find(const char* name) const {
    const auto place = json_.find(name);
    return place == json_.end() || place->is_null() ? nullptr : &*place;
  }
  [[nodiscard]] std::size_t count(const char* name) const {
    const Json& value = member(json_, name, where_);
    constexpr std::uint64_t most = 1U << 30;
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 || value.get<std::uint64_t>() > most) {
      fail(name, "a whole number from 1 to 2^30 is needed");
    }
    return value.get<std::size_t>();
  }
  [[nodiscard]] std::size_t count_or(const char* name, std::size_t otherwise) const {
    return find(name) == nullptr ? otherwise : count(name);
  }
  [[nodiscard]] Rational positive_or(const char* name, const char* otherwise) const {
    const Json* value = find(name);
    Rational number =
        value == nullptr ? parse_rational(otherwise, name) : rational_from(*value, where_ + ": " + name);
    if (number <= 0) fail(name, "a number > 0 is needed");
    return number;
  }
  [[nodiscard]] bool flag_or(const char* name, bool otherwise) const {
    const Json* value = find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) fail(name, "true or false is needed");
    return value->get<bool>();
  }
  [[nodiscard]] std::string text_or(const char* name, const char* otherwise) const {
    const Json* value = find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_string()) fail(name, "a text is needed");
    return value->get<std::string>();
  }
  [[noreturn]] void fail(const char* name, const std::string& what) const {
    throw InputError(where_ + ": " + name + ": " + what);
  }

 private:
  const Json& json_;
  const std::string& where_;
};

Activation activation_of(const ConfigReader& config, const char* name, const char* otherwise) {
  const std::string text = config.text_or(name, otherwise);
  if (text == "relu") return Activation::relu;
  if (text == "gelu") return Activation::gelu;
  if (text == "gelu_new" || text == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (text == "silu" || text == "swish") return Activation::silu;
  config.fail(name, "'" + text.substr(0, 40) + "' (accepted: relu, gelu, gelu_new, gelu_pytorch_tanh, silu)");
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
  if (config.flag_or("scale_attn_by_inverse_layer_idx", false)) {
    config.fail("scale_attn_by_inverse_layer_idx", "true is not supported");
  }
  return model;
}

ModelConfig llama(const ConfigReader& config) {
  ModelConfig model;
  model.family = Family::llama;
  model.width = config.count("hidden_size");
  model.layers = config.count("num_hidden_layers");
  model.heads = config.count("num_attention_heads");
  model.key_heads = config.count_or("num_key_value_heads", model.heads);
  model.head_width = config.count_or("head_dim", 0);
  model.hidden = config.count("intermediate_size");
  model.positions = config.count_or("max_position_embeddings", 2048);
  model.activation = activation_of(config, "hidden_act", "silu");
  model.norm_epsilon = config.positive_or("rms_norm_eps", "1e-6");
  model.rotary_base = config.positive_or("rope_theta", "10000");
  if (config.find("rope_scaling") != nullptr)
    config.fail("rope_scaling", "scaled positions are not supported");
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
  model.activation = activation_of(config, "hidden_act", "gelu");
  model.norm_epsilon = config.positive_or("layer_norm_eps", "1e-12");
  if (config.text_or("position_embedding_type", "absolute") != "absolute") {
    config.fail("position_embedding_type", "only absolute positions are supported");
  }
  if (config.flag_or("is_decoder", false)) config.fail("is_decoder", "true is not supported");
  return model;
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

std::string_view name(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return "relu";
    case Activation::gelu:
      return "gelu";
    case Activation::gelu_tanh:
      return "gelu (tanh form)";
    default:
      return "silu";
  }
}

ModelConfig read_model_config(const std::string& path) {
  const Json json = parse_json(read_text_file(path), path);
  const Json& type = member(json, "model_type", path);
  const ConfigReader config(json, path);
  ModelConfig model;
  if (type == "gpt2") {
    model = gpt2(config);
  } else if (type == "llama") {
    model = llama(config);
  } else if (type == "bert") {
    model = bert(config);
  } else {
    throw InputError(path + ": model_type " + type.dump().substr(0, 40) + " (accepted: gpt2, llama, bert)");
  }
  model.vocabulary = config.count("vocab_size");
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
  if (model.rotary_base != 0 && model.head_width % 2 != 0) {
    throw InputError(path + ": rotary positions need an even head width, not " +
                     std::to_string(model.head_width));
  }
  return model;
}

}  // namespace promptbound

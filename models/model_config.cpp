#include <nlohmann/json.hpp>

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/rotary_config.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

/// What no family has.
void check_common(const ConfigReader& config) {
  if (const Json* quantized = config.find("quantization_config")) {
    const bool has_method = quantized->is_object() && quantized->contains("quant_method");
    config.fail("quantization_config",
                "quantized weights are not read" +
                    (has_method ? " (quant_method " + excerpt((*quantized)["quant_method"]) + ")" : ""));
  }
  config.require("add_cross_attention", false, "layers with cross-attention are not modelled");
  config.require("pruned_heads", Json::object(), "layers that lack heads are not modelled");
}

/// Widths that must divide each other.
void check_widths(ModelConfig& model, const std::string& path) {
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
  if (model.rotary) set_turned_entries(model, path);
}

}  // namespace

std::string_view name(Family family) {
  switch (family) {
    case Family::gpt2:
      return "gpt2";
    case Family::llama:
      return "llama";
    case Family::bert:
      return "bert";
    case Family::distilbert:
      return "distilbert";
    case Family::opt:
      return "opt";
    case Family::gpt_neox:
      return "gpt_neox";
    case Family::phi:
      return "phi";
    default:
      return "t5";
  }
}

ModelConfig read_model_config(const std::string& path, const std::vector<std::string>& assumed_inert) {
  const Json json = read_foreign_json(path);
  const ConfigReader config(json, path);
  check_common(config);
  if (config.find("model_type") == nullptr) throw InputError(path + ": the member \"model_type\" is missing");
  const std::string type = config.text_or("model_type", "");
  if (type != "t5") config.require("is_encoder_decoder", false, "only single stacks are");
  ModelConfig model = read_family(config, type);
  model.type = type;
  model.vocabulary = config.count("vocab_size");
  model.assumed_inert = config.check_all(
      [&](const std::string& name) { return is_inert_member(model.family, name); }, assumed_inert);
  check_widths(model, path);
  return model;
}

}  // namespace promptbound

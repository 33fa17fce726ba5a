#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/foreign_file.hpp>
#include <promptbound/models/prompt_adapter.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using namespace std::literals;

/// A member that may be absent or null must equal the model's number.
void require_equal(const ConfigReader& config, const char* name, std::size_t expected) {
  const Json* value = config.find(name);
  if (value == nullptr || *value == expected) return;
  throw InputError(config.where() + ": made for another model: " + name + " is " + excerpt(*value) +
                   ", and the model's is " + std::to_string(expected));
}

/// Members on which the finished prompt does not depend: how it was begun and trained, and by what encoder.
/// Weights that were trained beside it (modules_to_save) are tensors of the file, and seen there.
bool is_inert(const std::string& name) {
  constexpr std::array names = {"auto_mapping"sv,
                                "encoder_dropout"sv,
                                "encoder_hidden_size"sv,
                                "encoder_num_layers"sv,
                                "encoder_reparameterization_type"sv,
                                "inference_mode"sv,
                                "modules_to_save"sv,
                                "peft_version"sv,
                                "prompt_tuning_init"sv,
                                "prompt_tuning_init_text"sv,
                                "revision"sv,
                                "task_type"sv,
                                "tokenizer_kwargs"sv,
                                "tokenizer_name_or_path"sv};
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// prompt_embeddings must be the prompt itself: PEFT runs an encoder over them where they are not finished.
void require_finished_prompt(const ConfigReader& config) {
  const std::string type = config.text_or("peft_type", "");
  if (type == "PROMPT_TUNING") return;
  if (type != "P_TUNING") {
    config.fail("peft_type",
                excerpt(type) + " (accepted: PROMPT_TUNING, and P_TUNING with a finished prompt)");
  }
  if (!config.flag_or("inference_mode", false)) {
    config.fail("inference_mode",
                "a P_TUNING prompt is finished where this is true; else an encoder, which "
                "the file does not hold, makes it");
  }
}

TensorFile open_adapter(const std::string& folder) {
  const std::filesystem::path path = std::filesystem::path(folder) / "adapter_model.safetensors";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) refuse_weights(folder, "adapter_model.safetensors");
  return read_safetensors(path.string());
}

}  // namespace

PromptAdapter read_prompt_adapter(const std::string& folder, const ModelConfig& model,
                                  const std::vector<std::string>& assumed_inert) {
  require_folder(folder, "adapter_config.json");
  const std::string config_path = (std::filesystem::path(folder) / "adapter_config.json").string();
  const Json json = read_foreign_json(config_path);
  const ConfigReader config(json, config_path);
  if (config.find("peft_type") == nullptr) {
    throw InputError(config_path + ": the member \"peft_type\" is missing");
  }
  require_finished_prompt(config);
  require_equal(config, "token_dim", model.width);
  require_equal(config, "num_attention_heads", model.heads);
  require_equal(config, "num_layers", model.layers);
  require_equal(config, "num_transformer_submodules", 1);
  static_cast<void>(config.find("num_virtual_tokens"));
  std::string base_model = config.text_or("base_model_name_or_path", "");
  std::vector<std::string> vouched = config.check_all(is_inert, assumed_inert);

  const TensorFile file = open_adapter(folder);
  for (const auto& entry : file.tensors()) {
    if (entry.first != "prompt_embeddings" && !is_of_head(entry.first)) {
      throw InputError(entry.second.where + ": a soft prompt has no such tensor, so this is more than one");
    }
  }
  const Tensor& tensor = file.at("prompt_embeddings");
  if (tensor.shape.size() != 2 || tensor.shape[0] == 0 || tensor.shape[1] != model.width) {
    throw InputError(tensor.where + ": has shape " + shape_text(tensor.shape) +
                     ", and the model asks for (m, " + std::to_string(model.width) + ")");
  }
  require_equal(config, "num_virtual_tokens", tensor.shape[0]);
  if (tensor.shape[0] >= model.positions) {
    throw InputError(tensor.where + ": " + std::to_string(tensor.shape[0]) +
                     " tokens, and the model has only " + std::to_string(model.positions) + " positions");
  }
  Matrix<double> tokens(static_cast<Index>(model.width), static_cast<Index>(tensor.shape[0]));
  read_elements<double>(tensor, 0, 1, {tokens.data(), tensor.size()});
  return {std::move(tokens), tensor.type, std::move(base_model), std::move(vouched)};
}

}  // namespace promptbound

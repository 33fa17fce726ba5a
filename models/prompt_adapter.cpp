#include <filesystem>
#include <nlohmann/json.hpp>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/models/prompt_adapter.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

/// A member that may be absent or null must equal the model's number.
void require_equal(const Json& config, const char* name, std::size_t expected, const std::string& where) {
  const auto place = config.find(name);
  if (place == config.end() || place->is_null() || *place == expected) return;
  throw InputError(where + ": made for another model: " + name + " is " + place->dump().substr(0, 30) +
                   ", and the model's is " + std::to_string(expected));
}

}  // namespace

PromptAdapter read_prompt_adapter(const std::string& folder, const ModelConfig& model) {
  const std::filesystem::path path(folder);
  const std::string config_path = (path / "adapter_config.json").string();
  const Json config = parse_json(read_text_file(config_path), config_path);
  if (const Json& type = member(config, "peft_type", config_path); type != "PROMPT_TUNING") {
    throw InputError(config_path + ": peft_type " + type.dump().substr(0, 40) + " (accepted: PROMPT_TUNING)");
  }
  require_equal(config, "token_dim", model.width, config_path);
  require_equal(config, "num_attention_heads", model.heads, config_path);
  require_equal(config, "num_layers", model.layers, config_path);
  require_equal(config, "num_transformer_submodules", 1, config_path);

  const TensorFile file = read_safetensors((path / "adapter_model.safetensors").string());
  const Tensor& tensor = file.at("prompt_embeddings");
  if (tensor.shape.size() != 2 || tensor.shape[0] == 0 || tensor.shape[1] != model.width) {
    throw InputError(tensor.where + ": has shape " + shape_text(tensor.shape) +
                     ", and the model asks for (m, " + std::to_string(model.width) + ")");
  }
  require_equal(config, "num_virtual_tokens", tensor.shape[0], config_path);
  if (tensor.shape[0] >= model.positions) {
    throw InputError(tensor.where + ": " + std::to_string(tensor.shape[0]) +
                     " tokens, and the model has only " + std::to_string(model.positions) + " positions");
  }
  const std::vector<double> numbers = values<double>(tensor);
  return {Eigen::Map<const Matrix<double>>(numbers.data(), static_cast<Index>(model.width),
                                           static_cast<Index>(tensor.shape[0])),
          tensor.type};
}

}  // namespace promptbound

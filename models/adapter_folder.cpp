#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include <promptbound/models/adapter_folder.hpp>
#include <promptbound/models/foreign_file.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/torch_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using namespace std::literals;

std::string config_path(const std::string& folder) {
  require_folder(folder, "adapter_config.json");
  return (std::filesystem::path(folder) / "adapter_config.json").string();
}

/// Weights that were trained beside an adapter (modules_to_save) are tensors of the file, and seen there.
bool is_inert_everywhere(const std::string& name) {
  constexpr std::array names = {"auto_mapping"sv, "inference_mode"sv, "modules_to_save"sv,
                                "peft_version"sv, "revision"sv,       "task_type"sv};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

AdapterFolder::AdapterFolder(const std::string& folder)
    : folder_(folder), json_(read_foreign_json(config_path(folder))), config_(json_, config_path(folder)) {
  if (config_.find("peft_type") == nullptr) {
    throw InputError(config_.where() + ": the member \"peft_type\" is missing");
  }
  kind_ = config_.text_or("peft_type", "");
}

void AdapterFolder::require_equal(const char* name, std::size_t expected) const {
  const Json* value = config_.find(name);
  if (value == nullptr || *value == expected) return;
  throw InputError(config_.where() + ": made for another model: " + name + " is " + excerpt(*value) +
                   ", and the model's is " + std::to_string(expected));
}

std::string AdapterFolder::base_model() const { return config_.text_or("base_model_name_or_path", ""); }

std::vector<std::string> AdapterFolder::check_members(const std::vector<std::string>& inert,
                                                      const std::vector<std::string>& assumed) const {
  return config_.check_all(
      [&](const std::string& name) {
        return is_inert_everywhere(name) || std::find(inert.begin(), inert.end(), name) != inert.end();
      },
      assumed);
}

TensorFile AdapterFolder::tensors() const {
  const std::filesystem::path path(folder_);
  std::error_code ignored;
  if (std::filesystem::exists(path / "adapter_model.safetensors", ignored)) {
    return read_safetensors((path / "adapter_model.safetensors").string());
  }
  if (std::filesystem::exists(path / "adapter_model.bin", ignored)) {
    return read_torch((path / "adapter_model.bin").string());
  }
  refuse_weights(folder_, "adapter_model.safetensors or adapter_model.bin");
}

}  // namespace promptbound

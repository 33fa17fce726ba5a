/// The folder of an adapter as PEFT writes it: adapter_config.json, and tensors in adapter_model.safetensors
/// or adapter_model.bin.
#pragma once

#include <nlohmann/json.hpp>

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/tensor.hpp>

namespace promptbound {

class AdapterFolder {
 public:
  /// Reads the configuration. Throws InputError where the folder, the file or its member peft_type is not
  /// there.
  explicit AdapterFolder(const std::string& folder);
  AdapterFolder(const AdapterFolder&) = delete;
  AdapterFolder& operator=(const AdapterFolder&) = delete;

  [[nodiscard]] const std::string& kind() const { return kind_; }  ///< peft_type
  [[nodiscard]] const ConfigReader& config() const { return config_; }
  /// Throws InputError unless the member is absent, null or the model's number.
  void require_equal(const char* name, std::size_t expected) const;
  /// Returns base_model_name_or_path: what the adapter was made for; empty where the file is silent.
  [[nodiscard]] std::string base_model() const;
  /// Returns the members that are assumed to change nothing, as ConfigReader::check_all. What trains an
  /// adapter and where it came from changes nothing, whatever its kind.
  [[nodiscard]] std::vector<std::string> check_members(const std::vector<std::string>& inert,
                                                       const std::vector<std::string>& assumed) const;
  /// Opens the tensors; where both files are there, the one of safetensors. Throws InputError naming what the
  /// folder holds instead.
  [[nodiscard]] TensorFile tensors() const;

 private:
  std::string folder_;
  Json json_;
  ConfigReader config_;
  std::string kind_;
};

}  // namespace promptbound

/// Rotary positions in a model's configuration.
#pragma once

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/model_config.hpp>

namespace promptbound {

/// Members that say the same as rope_theta and partial_rotary_factor in files of one type, and the part that
/// its class takes where a file is silent; no usual part: the class turns whole heads only.
struct RotaryNames {
  const char* base = "rope_theta";
  const char* part = "partial_rotary_factor";
  const char* usual_part = nullptr;
};

/// Reads base, scaling and the part of a head that turns. transformers 4 writes the base as rope_theta beside
/// rope_scaling, and transformers 5 into rope_parameters. Throws InputError naming the member for kinds other
/// than default, linear and llama3, for members that the kind lacks or does not know, and where two places
/// disagree.
void read_rotary_positions(const ConfigReader& config, const RotaryNames& names, ModelConfig& model);

/// Sets how many entries of a head turn, once its width is known. Throws InputError naming `path` where that
/// is no even whole number.
void set_turned_entries(ModelConfig& model, const std::string& path);

}  // namespace promptbound

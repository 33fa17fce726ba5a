/// Rotary positions in a model's configuration.
#pragma once

#include <promptbound/models/config_reader.hpp>
#include <promptbound/transformer/rotary.hpp>

namespace promptbound {

/// Reads base and scaling. transformers 4 writes the base as rope_theta beside rope_scaling, and transformers
/// 5 into rope_parameters. Throws InputError naming the member for kinds other than default, linear and
/// llama3, for members that the kind lacks or does not know, and where the two places disagree.
[[nodiscard]] RotaryPositions rotary_positions(const ConfigReader& config);

}  // namespace promptbound

/// Configurations of models, as JSON that a test changes.
#pragma once

#include <nlohmann/json.hpp>

#include <promptbound/models/model_config.hpp>

#include "models/files.hpp"

/// Returns what the reader makes of a config.json that holds the members.
inline promptbound::ModelConfig config_of(const nlohmann::json& members) {
  const TemporaryFolder folder;
  return promptbound::read_model_config(folder.write("config.json", members.dump()));
}

/// Returns the message with which the reader refuses that config.json; empty if it takes it.
inline std::string refusal_of_config(const nlohmann::json& members) {
  return refusal_of([&] { static_cast<void>(config_of(members)); });
}

/// Returns `base` with the members added, in place of those of the same names.
inline nlohmann::json merged(nlohmann::json base, const nlohmann::json& members) {
  base.update(members);
  return base;
}

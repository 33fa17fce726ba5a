/// Small random models of the architectures that are read, each with a forward pass of its own: loops over
/// long double, written from what the architecture is, one function a model_type. Nothing of the library's
/// transformer is used.
#pragma once

#include <functional>

#include "models/small_language_model.hpp"
#include "naive_language_model.hpp"

namespace naive {

struct FamilyModel {
  std::string name;
  std::string config;  ///< config.json
  promptbound::WrittenTensors tensors;
  /// Sends tokens through these tensors.
  std::function<Pass(const promptbound::WrittenTensors&, const Rows&)> evaluate;
};

/// All of them: width 8, two layers, a vocabulary of 5, 16 positions.
std::vector<FamilyModel> family_models(std::uint64_t seed);

/// Writes config.json and model.safetensors.
void write_model(const TemporaryFolder& folder, const FamilyModel& model);

}  // namespace naive

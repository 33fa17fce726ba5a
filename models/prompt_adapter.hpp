/// Soft prompts as PEFT stores them: adapter_config.json with peft_type PROMPT_TUNING, and the tensor
/// prompt_embeddings in adapter_model.safetensors.
#pragma once

#include <promptbound/models/language_model.hpp>

namespace promptbound {

struct PromptAdapter {
  Matrix<double> tokens;  ///< d x m, the exact numbers of the file
  ElementType type = ElementType::F32;
};

/// Reads the adapter in a folder and checks that it fits the model: width, heads, layers, and a length below
/// the model's positions. Throws InputError saying which number differs.
[[nodiscard]] PromptAdapter read_prompt_adapter(const std::string& folder, const ModelConfig& model);

}  // namespace promptbound

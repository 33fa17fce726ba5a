/// Soft prompts as PEFT stores them: adapter_config.json with peft_type PROMPT_TUNING or P_TUNING, and the
/// finished prompt, the tensor prompt_embeddings, in adapter_model.safetensors or adapter_model.bin.
#pragma once

#include <promptbound/models/language_model.hpp>

namespace promptbound {

struct PromptAdapter {
  Matrix<double> tokens;  ///< d x m, the exact numbers of the file
  ElementType type = ElementType::F32;
  std::string base_model;  ///< base_model_name_or_path: what it was made for; empty where the file is silent
  std::vector<std::string> assumed_inert;  ///< members of adapter_config.json, as in ModelConfig
};

/// Reads the adapter in a folder and checks that it fits the model: width, heads, layers, and a length below
/// the model's positions. Throws InputError saying which number differs, which member or tensor belongs to
/// more than a prompt (LoRA, prefixes, other weights that were trained), or what the folder holds instead.
[[nodiscard]] PromptAdapter read_prompt_adapter(const std::string& folder, const ModelConfig& model,
                                                const std::vector<std::string>& assumed_inert = {});

}  // namespace promptbound

/// The names of a language model's tensors: where the model is in a file, and what its file may hold.
#pragma once

#include <string_view>

#include <promptbound/models/model_config.hpp>
#include <promptbound/models/tensor.hpp>

namespace promptbound {

/// Returns the table of the vocabulary's embeddings, `wte.weight`, without the file's prefix.
[[nodiscard]] const char* embedding_name(Family family);
/// Returns what stands between the prefix and the number of a layer: `h.`
[[nodiscard]] const char* layers_name(Family family);

/// Returns what stands before every name of the model in this file: `model.` inside a model with an output
/// layer, and before it what wrappers add (`module.`, `_orig_mod.`, `base_model.model.`). Throws InputError
/// when the embeddings are nowhere, or in two places.
[[nodiscard]] std::string model_prefix(const TensorFile& file, Family family);

/// Throws InputError naming a tensor that the model's layers or the model around them hold in this file and
/// that is neither read nor known to change nothing: such a tensor is part of another function. Tensors
/// outside the model (output layers, heads of tasks) are none of its business.
void check_tensor_names(const TensorFile& file, const std::string& prefix, const ModelConfig& config);

/// Tells whether the tensor belongs to an output layer or the head of a task, whatever wraps it.
[[nodiscard]] bool is_of_head(std::string_view name);

}  // namespace promptbound

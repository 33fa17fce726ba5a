/// The names of a language model's tensors: where the model is in a file, and what its file may hold.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include <promptbound/models/model_config.hpp>
#include <promptbound/models/tensor.hpp>

namespace promptbound {

/// The names of a layout's tensors, without the file's prefix; those of a layer without the layer's own. An
/// empty name: the layout has no such tensor. Maps and norms have `.weight` and, where the configuration says
/// so, `.bias` behind them.
struct Layout {
  std::string embeddings, positions, token_types, input_norm, layers, final_norm;
  /// Queries, keys and values share one map where their names are equal, and so do norms.
  /// `gated_up`: the name of `up` where a gate stands beside it, if it is another.
  std::string query, key, value, output, up, gated_up, gate, down, norm_1, norm_2, query_norm, key_norm;
  /// The biases of scores by distance, which lie in one layer and are those of all.
  std::string relative_biases;
  /// Another name of the embeddings, for the same table.
  std::string same_embeddings;
  /// What is no part of the model, though it stands inside it: the decoder beside an encoder.
  std::string foreign;
  /// What older files hold beside weights: masks, and frequencies, which are computed anew.
  std::vector<std::string> layer_buffers, outer_buffers;
};

[[nodiscard]] const Layout& layout(Family family);

/// Returns the name of the feed-forward block's first map.
[[nodiscard]] const std::string& up_name(const ModelConfig& config);

/// A map of a layer: out x in, with a bias of `out` entries or without.
struct LayerMap {
  std::size_t out = 0, in = 0;
  bool has_bias = false;
};

/// Returns the maps of every layer by name; queries, keys and values that share one stand in it together.
[[nodiscard]] std::map<std::string, LayerMap> layer_maps(const ModelConfig& config);

/// Returns the number of entries of all tensors of the model, from its embeddings to its last norm: what its
/// configuration alone says.
[[nodiscard]] Integer parameter_count(const ModelConfig& config);

/// Returns the table of the vocabulary's embeddings, `wte.weight`, without the file's prefix.
[[nodiscard]] inline std::string embedding_name(Family family) { return layout(family).embeddings; }

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

/// Prefixes as PEFT stores them (peft_type PREFIX_TUNING): keys and values that stand before those of the
/// tokens, in every layer.
#pragma once

#include <promptbound/models/model_config.hpp>
#include <promptbound/models/tensor.hpp>
#include <promptbound/transformer/sequence.hpp>

namespace promptbound {

struct PrefixAdapter {
  /// What one head of keys and values sees first: s x m each, as they enter the scores, without positions.
  struct Head {
    Matrix<double> keys, values;
  };
  std::vector<std::vector<Head>> layers;  ///< by layer and head of keys
  std::size_t length = 0;                 ///< m
  ElementType type = ElementType::F32;
  std::string base_model;
  std::vector<std::string> assumed_inert;
};

/// Reads the adapter: prompt_embeddings is m x (layers 2 g s), for each layer the keys of its g heads of
/// width s and then their values. PEFT makes a prefix for g heads where keys are shared; older files say the
/// number of query heads, and their rows are cut into the model's heads all the same, where they are as long.
/// Throws InputError for one that was made for another model, for prefixes that a projection still has to
/// make, and as read_prompt_adapter.
[[nodiscard]] PrefixAdapter read_prefix_adapter(const std::string& folder, const ModelConfig& model,
                                                const std::vector<std::string>& assumed_inert = {});

}  // namespace promptbound

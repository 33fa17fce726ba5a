/// Low-rank updates of a model's maps as PEFT stores them (peft_type LORA).
#pragma once

#include <promptbound/models/model_config.hpp>
#include <promptbound/models/tensor.hpp>

namespace promptbound {

struct LowRankAdapter {
  /// W becomes W + (a multiple of) B A, A: rank x in, B: out x rank.
  struct Update {
    std::string map;  ///< the name of W in the model, layers.0.self_attn.q_proj
    std::size_t rank = 0, in = 0, out = 0;
  };
  std::vector<Update> updates;  ///< in the order of their names
  std::size_t numbers = 0;      ///< entries of all A and B, as stored
  std::size_t bits = 0;         ///< of all of them
  std::size_t entry_bits = 0;   ///< of one; 0 where they differ
  std::size_t largest_rank = 0;
  std::string base_model;
  std::vector<std::string> assumed_inert;
};

/// Reads the shapes of all updates and checks that they fit the model's maps, and that every entry is a
/// number. What is said of such an adapter, how many numbers and bits it has and of which ranks its updates
/// are, depends on its tensors alone, so that members which scale or place updates change nothing. Throws
/// InputError for updates that fit no map, tensors of other kinds (biases, magnitudes, embeddings, whole
/// weights), and as read_prompt_adapter.
[[nodiscard]] LowRankAdapter read_low_rank_adapter(const std::string& folder, const ModelConfig& model,
                                                   const std::vector<std::string>& assumed_inert = {});

}  // namespace promptbound

/// Prompts of several tasks as PEFT stores them (peft_type MULTITASK_PROMPT_TUNING).
#pragma once

#include <promptbound/models/model_config.hpp>
#include <promptbound/models/tensor.hpp>

namespace promptbound {

/// The prompt of task t is, entry by entry, the shared prompt times C_t R_t, C_t: m x r, R_t: r x d. That
/// product is in general no matrix of binary64 numbers, and a rounded one would be another prompt: what is
/// said of such an adapter depends on its size alone.
struct MultitaskAdapter {
  std::size_t length = 0;  ///< m
  std::size_t tasks = 0;
  std::size_t rank = 0;        ///< r
  std::size_t numbers = 0;     ///< entries of the shared prompt and of all C_t and R_t, as stored
  std::size_t bits = 0;        ///< of all of them
  std::size_t entry_bits = 0;  ///< of one; 0 where they differ
  std::string base_model;
  std::vector<std::string> assumed_inert;
};

/// Reads the shapes of prompt_embeddings (m, d), prefix_task_cols (tasks, m, r) and prefix_task_rows
/// (tasks, r, d), and checks that every entry is a number. Throws InputError for one that was made for
/// another model, and as read_prompt_adapter.
[[nodiscard]] MultitaskAdapter read_multitask_adapter(const std::string& folder, const ModelConfig& model,
                                                      const std::vector<std::string>& assumed_inert = {});

}  // namespace promptbound

/// Adapters of every kind that is read.
#pragma once

#include <variant>

#include <promptbound/models/adapters/low_rank_adapter.hpp>
#include <promptbound/models/adapters/multitask_adapter.hpp>
#include <promptbound/models/adapters/prefix_adapter.hpp>
#include <promptbound/models/prompt_adapter.hpp>

namespace promptbound {

using Adapter = std::variant<PromptAdapter, PrefixAdapter, LowRankAdapter, MultitaskAdapter>;

/// Reads the adapter in a folder by its peft_type: PROMPT_TUNING, P_TUNING, PREFIX_TUNING, LORA or
/// MULTITASK_PROMPT_TUNING. Throws InputError naming the kind where it is another, and as the reader of its
/// kind.
[[nodiscard]] Adapter read_adapter(const std::string& folder, const ModelConfig& model,
                                   const std::vector<std::string>& assumed_inert = {});

}  // namespace promptbound

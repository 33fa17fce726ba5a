#include <nlohmann/json.hpp>

#include <promptbound/models/adapter_folder.hpp>
#include <promptbound/models/adapters/adapter.hpp>

namespace promptbound {

Adapter read_adapter(const std::string& folder, const ModelConfig& model,
                     const std::vector<std::string>& assumed_inert) {
  const AdapterFolder adapter(folder);
  if (adapter.kind() == "PREFIX_TUNING") return read_prefix_adapter(folder, model, assumed_inert);
  if (adapter.kind() == "LORA") return read_low_rank_adapter(folder, model, assumed_inert);
  if (adapter.kind() == "MULTITASK_PROMPT_TUNING")
    return read_multitask_adapter(folder, model, assumed_inert);
  if (adapter.kind() == "PROMPT_TUNING" || adapter.kind() == "P_TUNING") {
    return read_prompt_adapter(folder, model, assumed_inert);
  }
  adapter.config().fail(
      "peft_type", excerpt(adapter.kind()) +
                       " (accepted: PROMPT_TUNING, P_TUNING, PREFIX_TUNING, LORA, MULTITASK_PROMPT_TUNING)");
}

}  // namespace promptbound

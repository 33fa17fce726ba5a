#include <nlohmann/json.hpp>

#include <promptbound/models/adapter_folder.hpp>
#include <promptbound/models/adapters/multitask_adapter.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

MultitaskAdapter read_multitask_adapter(const std::string& folder, const ModelConfig& model,
                                        const std::vector<std::string>& assumed_inert) {
  const AdapterFolder adapter(folder);
  if (adapter.kind() != "MULTITASK_PROMPT_TUNING") {
    adapter.config().fail("peft_type", excerpt(adapter.kind()) + " (accepted: MULTITASK_PROMPT_TUNING)");
  }
  adapter.require_equal("token_dim", model.width);
  adapter.require_equal("num_attention_heads", model.heads);
  adapter.require_equal("num_layers", model.layers);
  adapter.require_equal("num_transformer_submodules", 1);
  for (const char* name : {"num_virtual_tokens", "num_tasks", "num_ranks"}) {
    static_cast<void>(adapter.config().find(name));
  }
  MultitaskAdapter result;
  result.base_model = adapter.base_model();
  // How the prompt was begun.
  result.assumed_inert = adapter.check_members(
      {"prompt_tuning_init", "prompt_tuning_init_state_dict_path", "prompt_tuning_init_task",
       "prompt_tuning_init_text", "tokenizer_kwargs", "tokenizer_name_or_path"},
      assumed_inert);
  const TensorFile file = adapter.tensors();
  const Tensor& shared = file.at("prompt_embeddings");
  const Tensor& columns = file.at("prefix_task_cols");
  const Tensor& rows = file.at("prefix_task_rows");
  const auto fail = [](const Tensor& tensor, const std::string& accepted) {
    throw InputError(tensor.where + ": has shape " + shape_text(tensor.shape) + ", and the model asks for " +
                     accepted);
  };
  if (shared.shape.size() != 2 || shared.shape[0] == 0 || shared.shape[1] != model.width) {
    fail(shared, "(m, " + std::to_string(model.width) + ")");
  }
  result.length = shared.shape[0];
  if (columns.shape.size() != 3 || columns.size() == 0 || columns.shape[1] != result.length) {
    fail(columns, "(tasks, " + std::to_string(result.length) + ", r)");
  }
  result.tasks = columns.shape[0];
  result.rank = columns.shape[2];
  if (rows.shape != std::vector<std::size_t>{result.tasks, result.rank, model.width}) {
    fail(rows, shape_text({result.tasks, result.rank, model.width}));
  }
  adapter.require_equal("num_virtual_tokens", result.length);
  adapter.require_equal("num_tasks", result.tasks);
  adapter.require_equal("num_ranks", result.rank);
  if (result.length >= model.positions) {
    throw InputError(shared.where + ": " + std::to_string(result.length) +
                     " tokens, and the model has only " + std::to_string(model.positions) + " positions");
  }
  for (const auto& [name, tensor] : file.tensors()) {
    if (is_of_head(name)) continue;
    if (&tensor != &shared && &tensor != &columns && &tensor != &rows) {
      throw InputError(tensor.where + ": prompts of tasks have no such tensor, so this is more than them");
    }
    static_cast<void>(values<double>(tensor));  // an entry that is no number is found
    const std::size_t entry = 8 * size_of(tensor.type);
    result.entry_bits = result.numbers == 0 || result.entry_bits == entry ? entry : 0;
    result.numbers += tensor.size();
    result.bits += 8 * tensor.bytes.size();
  }
  return result;
}

}  // namespace promptbound

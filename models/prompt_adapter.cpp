#include <nlohmann/json.hpp>

#include <promptbound/models/adapter_folder.hpp>
#include <promptbound/models/prompt_adapter.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

/// prompt_embeddings must be the prompt itself: PEFT runs an encoder over them where they are not finished.
void require_finished_prompt(const AdapterFolder& adapter) {
  if (adapter.kind() == "PROMPT_TUNING") return;
  if (adapter.kind() != "P_TUNING") {
    adapter.config().fail("peft_type", excerpt(adapter.kind()) +
                                           " (accepted: PROMPT_TUNING, and P_TUNING with a finished prompt)");
  }
  if (!adapter.config().flag_or("inference_mode", false)) {
    adapter.config().fail("inference_mode",
                          "a P_TUNING prompt is finished where this is true; else an encoder, which "
                          "the file does not hold, makes it");
  }
}

}  // namespace

PromptAdapter read_prompt_adapter(const std::string& folder, const ModelConfig& model,
                                  const std::vector<std::string>& assumed_inert) {
  const AdapterFolder adapter(folder);
  require_finished_prompt(adapter);
  adapter.require_equal("token_dim", model.width);
  adapter.require_equal("num_attention_heads", model.heads);
  adapter.require_equal("num_layers", model.layers);
  adapter.require_equal("num_transformer_submodules", 1);
  static_cast<void>(adapter.config().find("num_virtual_tokens"));
  std::string base_model = adapter.base_model();
  // How the prompt was begun, and by what encoder it was made.
  std::vector<std::string> vouched = adapter.check_members(
      {"encoder_dropout", "encoder_hidden_size", "encoder_num_layers", "encoder_reparameterization_type",
       "prompt_tuning_init", "prompt_tuning_init_text", "tokenizer_kwargs", "tokenizer_name_or_path"},
      assumed_inert);

  const TensorFile file = adapter.tensors();
  for (const auto& entry : file.tensors()) {
    if (entry.first != "prompt_embeddings" && !is_of_head(entry.first)) {
      throw InputError(entry.second.where + ": a soft prompt has no such tensor, so this is more than one");
    }
  }
  const Tensor& tensor = file.at("prompt_embeddings");
  if (tensor.shape.size() != 2 || tensor.shape[0] == 0 || tensor.shape[1] != model.width) {
    throw InputError(tensor.where + ": has shape " + shape_text(tensor.shape) +
                     ", and the model asks for (m, " + std::to_string(model.width) + ")");
  }
  adapter.require_equal("num_virtual_tokens", tensor.shape[0]);
  if (tensor.shape[0] >= model.positions) {
    throw InputError(tensor.where + ": " + std::to_string(tensor.shape[0]) +
                     " tokens, and the model has only " + std::to_string(model.positions) + " positions");
  }
  Matrix<double> tokens(static_cast<Index>(model.width), static_cast<Index>(tensor.shape[0]));
  read_elements<double>(tensor, 0, 1, {tokens.data(), tensor.size()});
  return {std::move(tokens), tensor.type, std::move(base_model), std::move(vouched)};
}

}  // namespace promptbound

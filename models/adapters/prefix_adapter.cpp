#include <nlohmann/json.hpp>

#include <promptbound/models/adapter_folder.hpp>
#include <promptbound/models/adapters/prefix_adapter.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

PrefixAdapter read_prefix_adapter(const std::string& folder, const ModelConfig& model,
                                  const std::vector<std::string>& assumed_inert) {
  const AdapterFolder adapter(folder);
  if (adapter.kind() != "PREFIX_TUNING") {
    adapter.config().fail("peft_type", excerpt(adapter.kind()) + " (accepted: PREFIX_TUNING)");
  }
  if (model.relative_buckets > 0) {
    adapter.config().fail("peft_type",
                          "keys before the tokens have no distance in models of type " + model.type);
  }
  const std::size_t g = model.key_heads, s = model.head_width;
  adapter.require_equal("num_layers", model.layers);
  adapter.require_equal("num_transformer_submodules", 1);
  if (const Json* heads = adapter.config().find("num_attention_heads"); heads != nullptr && *heads != g) {
    adapter.require_equal("num_attention_heads", model.heads);
  }
  adapter.require_equal("token_dim", g * s);
  static_cast<void>(adapter.config().find("num_virtual_tokens"));
  // What is saved is the finished prefix where inference_mode is true, with or without a projection.
  if (adapter.config().flag_or("prefix_projection", false) &&
      !adapter.config().flag_or("inference_mode", false)) {
    adapter.config().fail("prefix_projection",
                          "the prefix is finished where inference_mode is true; else a "
                          "projection, which the file does not hold, makes it");
  }
  PrefixAdapter result;
  result.base_model = adapter.base_model();
  result.assumed_inert = adapter.check_members({"encoder_hidden_size"}, assumed_inert);
  const TensorFile file = adapter.tensors();
  for (const auto& entry : file.tensors()) {
    if (entry.first != "prompt_embeddings" && !is_of_head(entry.first)) {
      throw InputError(entry.second.where + ": a prefix has no such tensor, so this is more than one");
    }
  }
  const Tensor& tensor = file.at("prompt_embeddings");
  const std::size_t row = model.layers * 2 * g * s;
  if (tensor.shape.size() != 2 || tensor.shape[0] == 0 || tensor.shape[1] != row) {
    throw InputError(tensor.where + ": has shape " + shape_text(tensor.shape) +
                     ", and the model asks for (m, " + std::to_string(row) +
                     "): " + std::to_string(model.layers) + " layers, 2, " + std::to_string(g) +
                     " heads of keys of width " + std::to_string(s));
  }
  adapter.require_equal("num_virtual_tokens", tensor.shape[0]);
  result.length = tensor.shape[0];
  result.type = tensor.type;
  if (result.length >= model.positions) {
    throw InputError(tensor.where + ": " + std::to_string(result.length) +
                     " tokens, and the model has only " + std::to_string(model.positions) + " positions");
  }
  const auto block = [&](std::size_t layer, std::size_t kind, std::size_t head) {
    Matrix<double> X(static_cast<Index>(s), static_cast<Index>(result.length));
    for (std::size_t j = 0; j < result.length; ++j) {
      read_elements<double>(tensor, j * row + ((layer * 2 + kind) * g + head) * s, 1,
                            {X.col(static_cast<Index>(j)).data(), s});
    }
    return X;
  };
  for (std::size_t l = 0; l < model.layers; ++l) {
    result.layers.emplace_back();
    for (std::size_t h = 0; h < g; ++h) result.layers[l].push_back({block(l, 0, h), block(l, 1, h)});
  }
  return result;
}

}  // namespace promptbound

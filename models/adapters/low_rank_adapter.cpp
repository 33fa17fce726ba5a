#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include <promptbound/models/adapter_folder.hpp>
#include <promptbound/models/adapters/low_rank_adapter.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

/// `base_model.model.model.layers.3.mlp.up_proj` -> `layers.3.mlp.up_proj`, where the model has such a map;
/// the part that stands before it is what wrappers add, and names no layer.
std::optional<std::pair<std::string, LayerMap>> map_of(const std::string& name, const ModelConfig& model) {
  const std::string& layers = layout(model.family).layers;
  const auto start = name.rfind("." + layers);
  const std::string inner = start == std::string::npos ? name : name.substr(start + 1);
  if (!inner.starts_with(layers)) return std::nullopt;
  const auto dot = inner.find('.', layers.size());
  const std::string number = inner.substr(layers.size(), dot - layers.size());
  const bool is_number =
      !number.empty() && number.size() < 10 && number.find_first_not_of("0123456789") == std::string::npos;
  if (dot == std::string::npos || !is_number || std::stoul(number) >= model.layers) return std::nullopt;
  const auto maps = layer_maps(model);
  const auto found = maps.find(inner.substr(dot + 1));
  if (found == maps.end()) return std::nullopt;
  return std::pair(inner, found->second);
}

/// Reads every entry, so that one that is no number is found.
void check_entries(const Tensor& tensor) { static_cast<void>(values<double>(tensor)); }

}  // namespace

LowRankAdapter read_low_rank_adapter(const std::string& folder, const ModelConfig& model,
                                     const std::vector<std::string>& assumed_inert) {
  const AdapterFolder adapter(folder);
  if (adapter.kind() != "LORA") {
    adapter.config().fail("peft_type", excerpt(adapter.kind()) + " (accepted: LORA)");
  }
  LowRankAdapter result;
  result.base_model = adapter.base_model();
  adapter.config().require("use_dora", false, "magnitudes beside updates are not modelled");
  adapter.config().require("layer_replication", nullptr, "models with repeated layers are not modelled");
  result.assumed_inert = adapter.check_members({"alpha_pattern",
                                                "bias",
                                                "corda_config",
                                                "eva_config",
                                                "exclude_modules",
                                                "fan_in_fan_out",
                                                "init_lora_weights",
                                                "layers_pattern",
                                                "layers_to_transform",
                                                "loftq_config",
                                                "lora_alpha",
                                                "lora_bias",
                                                "lora_dropout",
                                                "megatron_config",
                                                "megatron_core",
                                                "qalora_group_size",
                                                "r",
                                                "rank_pattern",
                                                "runtime_config",
                                                "target_modules",
                                                "target_parameters",
                                                "trainable_token_indices",
                                                "use_qalora",
                                                "use_rslora"},
                                               assumed_inert);
  const TensorFile file = adapter.tensors();
  const std::string ends[] = {".lora_A.weight", ".lora_B.weight"};
  for (const auto& [name, B] : file.tensors()) {
    const auto fail = [&file, &at = name](const std::string& what) {
      throw InputError(file.where() + ": " + printable(at, 100) + ": " + what);
    };
    const bool is_A = name.ends_with(ends[0]);
    if (!is_A && !name.ends_with(ends[1]))
      fail("a low-rank update has no such tensor, so this is more than one");
    const std::string stem = name.substr(0, name.size() - ends[0].size());
    const Tensor* const other = file.find(stem + ends[is_A ? 1 : 0]);
    if (other == nullptr) fail("stands alone: an update is made of lora_A.weight and lora_B.weight");
    if (is_A) continue;
    const Tensor& A = *other;
    const auto map = map_of(stem, model);
    if (!map) fail("made for another model, or for a part of it that is not modelled");
    const auto& [inner, shape] = *map;
    const bool fits = A.shape.size() == 2 && B.shape.size() == 2 && A.shape[0] == B.shape[1] &&
                      A.shape[0] > 0 && A.shape[1] == shape.in && B.shape[0] == shape.out;
    if (!fits) {
      fail("made for another model: A has shape " + shape_text(A.shape) + " and B " + shape_text(B.shape) +
           ", and the model asks for (r, " + std::to_string(shape.in) + ") and (" +
           std::to_string(shape.out) + ", r)");
    }
    for (const Tensor* tensor : {&A, &B}) {
      check_entries(*tensor);
      const std::size_t entry = 8 * size_of(tensor->type);
      result.entry_bits = result.numbers == 0 || result.entry_bits == entry ? entry : 0;
      result.numbers += tensor->size();
      result.bits += 8 * tensor->bytes.size();
    }
    result.largest_rank = std::max(result.largest_rank, A.shape[0]);
    result.updates.push_back({inner, A.shape[0], shape.in, shape.out});
  }
  if (result.updates.empty()) throw InputError(file.where() + ": holds no low-rank update");
  return result;
}

}  // namespace promptbound

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <promptbound/models/tensor_names.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using namespace std::literals;

constexpr std::array wrappers = {"_orig_mod."sv, "module."sv,      "base_model."sv,
                                 "model."sv,     "transformer."sv, "bert."sv};

/// Removes what wrappers put before a name.
std::string_view unwrapped(std::string_view name) {
  for (bool is_done = false; !is_done;) {
    is_done = true;
    for (const std::string_view wrapper : wrappers) {
      if (!name.starts_with(wrapper)) continue;
      name.remove_prefix(wrapper.size());
      is_done = false;
    }
  }
  return name;
}

void add_map(std::set<std::string>& names, const std::string& map, bool bias) {
  names.insert(map + ".weight");
  if (bias) names.insert(map + ".bias");
}

/// Older BERT files say gamma and beta.
void add_bert_norm(std::set<std::string>& names, const std::string& norm) {
  for (const char* entry : {".weight", ".bias", ".gamma", ".beta"}) names.insert(norm + entry);
}

/// The tensors of a layer, without the layer's own prefix. Buffers that older files hold are among them: the
/// mask of GPT-2 and the frequencies of rotary positions, which are computed anew from the configuration.
std::set<std::string> layer_names(const ModelConfig& config) {
  std::set<std::string> names;
  switch (config.family) {
    case Family::gpt2:
      for (const char* map : {"attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj", "ln_1", "ln_2"}) {
        add_map(names, map, true);
      }
      names.insert({"attn.bias", "attn.masked_bias"});
      break;
    case Family::llama:
      for (const char* map : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}) {
        add_map(names, map, config.query_bias);
      }
      add_map(names, "self_attn.o_proj", config.output_bias);
      for (const char* map : {"mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"}) {
        add_map(names, map, config.ffn_bias);
      }
      for (const char* norm : {"input_layernorm", "post_attention_layernorm"}) add_map(names, norm, false);
      for (const char* buffer : {"inv_freq", "cos_cached", "sin_cached"}) {
        names.insert("self_attn.rotary_emb."s + buffer);
      }
      break;
    default:
      for (const char* map : {"attention.self.query", "attention.self.key", "attention.self.value",
                              "attention.output.dense", "intermediate.dense", "output.dense"}) {
        add_map(names, map, true);
      }
      add_bert_norm(names, "attention.output.LayerNorm");
      add_bert_norm(names, "output.LayerNorm");
  }
  return names;
}

/// The model's tensors outside its layers.
std::set<std::string> outer_names(Family family) {
  switch (family) {
    case Family::gpt2:
      return {"wte.weight", "wpe.weight", "ln_f.weight", "ln_f.bias"};
    case Family::llama:
      return {"embed_tokens.weight", "norm.weight", "rotary_emb.inv_freq"};
    default:
      break;
  }
  const std::string embeddings = "embeddings.";
  std::set<std::string> names = {"embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
                                 "embeddings.token_type_embeddings.weight", "embeddings.position_ids",
                                 "embeddings.token_type_ids"};
  add_bert_norm(names, embeddings + "LayerNorm");
  return names;
}

/// `h.12.attn.bias` -> 12 and `attn.bias`; nothing where no layer's number stands.
struct LayerName {
  std::string number;
  std::string rest;
};
std::optional<LayerName> layer_name(std::string_view name, std::string_view layers) {
  if (!name.starts_with(layers)) return std::nullopt;
  name.remove_prefix(layers.size());
  const auto dot = name.find('.');
  const std::string_view number = name.substr(0, dot);
  if (dot == std::string_view::npos || number.empty() || number.size() > 9 ||
      number.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return LayerName{std::string(number), std::string(name.substr(dot + 1))};
}

std::vector<std::string> all_names(const TensorFile& file) {
  std::vector<std::string> names;
  for (const auto& entry : file.tensors()) names.push_back(entry.first);
  for (const auto& entry : file.absent()) names.push_back(entry.first);
  return names;
}

std::string shown(const std::string& name) { return printable(name, 100); }

}  // namespace

const char* embedding_name(Family family) {
  switch (family) {
    case Family::gpt2:
      return "wte.weight";
    case Family::llama:
      return "embed_tokens.weight";
    default:
      return "embeddings.word_embeddings.weight";
  }
}

const char* layers_name(Family family) {
  switch (family) {
    case Family::gpt2:
      return "h.";
    case Family::llama:
      return "layers.";
    default:
      return "encoder.layer.";
  }
}

bool is_of_head(std::string_view name) {
  constexpr std::array heads = {
      "lm_head"sv, "score"sv,  "classifier"sv, "qa_outputs"sv, "cls"sv,
      "pooler"sv,  "v_head"sv, "dropout"sv,    "mtp"sv,        "multiple_choice_head"sv};
  name = unwrapped(name);
  return std::find(heads.begin(), heads.end(), name.substr(0, name.find('.'))) != heads.end();
}

std::string model_prefix(const TensorFile& file, Family family) {
  const std::string_view embeddings = embedding_name(family);
  std::optional<std::string> prefix;
  std::string elsewhere;
  for (const std::string& name : all_names(file)) {
    if (!name.ends_with(embeddings)) continue;
    if (unwrapped(name) != embeddings) {
      elsewhere = name;
      continue;
    }
    std::string found = name.substr(0, name.size() - embeddings.size());
    if (prefix) {
      throw InputError(file.where() + ": holds two models: " + shown(*prefix) + std::string(embeddings) +
                       " and " + shown(name));
    }
    prefix = std::move(found);
  }
  if (prefix) return *prefix;
  throw InputError(file.where() + ": holds no embeddings of a model of type " + std::string(name(family)) +
                   (elsewhere.empty() ? "" : " (" + shown(elsewhere) + " has an unknown prefix)"));
}

void check_tensor_names(const TensorFile& file, const std::string& prefix, const ModelConfig& config) {
  const std::set<std::string> of_layer = layer_names(config), outer = outer_names(config.family);
  for (const std::string& name : all_names(file)) {
    if (!name.starts_with(prefix)) continue;
    const std::string rest = name.substr(prefix.size());
    const auto fail = [&](const std::string& what) {
      throw InputError(file.where() + ": " + shown(name) + ": " + what);
    };
    if (const auto layer = layer_name(rest, layers_name(config.family))) {
      if (std::stoul(layer->number) >= config.layers) {
        fail("a tensor of a layer beyond the " + std::to_string(config.layers) + " of config.json");
      }
      if (!of_layer.contains(layer->rest)) {
        fail("a layer of a model of type " + config.type +
             " as config.json describes it has no such tensor, so this is another model");
      }
    } else if (!outer.contains(rest) && !is_of_head(rest)) {
      fail("a model of type " + config.type + " has no such tensor, so this is another model");
    }
  }
}

}  // namespace promptbound

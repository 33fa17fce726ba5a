#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include <promptbound/models/tensor_names.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using namespace std::literals;

constexpr std::array wrappers = {"_orig_mod."sv, "module."sv,      "base_model."sv,
                                 "model."sv,     "transformer."sv, "bert."sv,
                                 "roberta."sv,   "distilbert."sv,  "gpt_neox."sv};

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

void add_norm(std::set<std::string>& names, const std::string& norm, const ModelConfig& config) {
  if (norm.empty()) return;
  add_map(names, norm, config.norm_kind == NormKind::layer);
  // Older BERT files say gamma and beta.
  if (config.family == Family::bert) names.insert({norm + ".gamma", norm + ".beta"});
}

/// The tensors of a layer, without the layer's own prefix.
std::set<std::string> layer_names(const ModelConfig& config) {
  const Layout& of = layout(config.family);
  std::set<std::string> names(of.layer_buffers.begin(), of.layer_buffers.end());
  for (const std::string& map : {of.query, of.key, of.value}) add_map(names, map, config.query_bias);
  add_map(names, of.output, config.output_bias);
  for (const std::string& map : {up_name(config), of.down}) add_map(names, map, config.ffn_bias);
  if (config.gated) add_map(names, of.gate, config.ffn_bias);
  for (const std::string& norm : {of.norm_1, of.norm_2}) add_norm(names, norm, config);
  if (config.head_norms) {
    for (const std::string& norm : {of.query_norm, of.key_norm}) add_norm(names, norm, config);
  }
  return names;
}

/// The model's tensors outside its layers.
std::set<std::string> outer_names(const ModelConfig& config) {
  const Layout& of = layout(config.family);
  std::set<std::string> names(of.outer_buffers.begin(), of.outer_buffers.end());
  for (const std::string& table : {of.embeddings, of.positions, of.relative_biases, of.same_embeddings}) {
    names.insert(table);
  }
  if (config.token_types > 0) names.insert(of.token_types);
  for (const std::string& norm : {of.input_norm, of.final_norm}) add_norm(names, norm, config);
  return names;
}

/// Families whose attention is a module of its own say its maps behind this.
Layout with_separate_maps(Layout layout, const std::string& attention, const char* query, const char* key,
                          const char* value) {
  layout.query = attention + query;
  layout.key = attention + key;
  layout.value = attention + value;
  return layout;
}

Layout gpt2_layout() {
  Layout of;
  of.embeddings = "wte.weight";
  of.positions = "wpe.weight";
  of.layers = "h.";
  of.final_norm = "ln_f";
  of.query = of.key = of.value = "attn.c_attn";
  of.output = "attn.c_proj";
  of.up = "mlp.c_fc";
  of.down = "mlp.c_proj";
  of.norm_1 = "ln_1";
  of.norm_2 = "ln_2";
  of.layer_buffers = {"attn.bias", "attn.masked_bias"};
  return of;
}

Layout llama_layout() {
  Layout of;
  of.embeddings = "embed_tokens.weight";
  of.layers = "layers.";
  of.final_norm = "norm";
  of.output = "self_attn.o_proj";
  of.up = "mlp.up_proj";
  of.gate = "mlp.gate_proj";
  of.down = "mlp.down_proj";
  of.norm_1 = "input_layernorm";
  of.norm_2 = "post_attention_layernorm";
  of.query_norm = "self_attn.q_norm";
  of.key_norm = "self_attn.k_norm";
  for (const char* buffer : {"inv_freq", "cos_cached", "sin_cached"}) {
    of.layer_buffers.push_back("self_attn.rotary_emb."s + buffer);
  }
  of.outer_buffers = {"rotary_emb.inv_freq"};
  return with_separate_maps(of, "self_attn.", "q_proj", "k_proj", "v_proj");
}

Layout bert_layout() {
  Layout of;
  of.embeddings = "embeddings.word_embeddings.weight";
  of.positions = "embeddings.position_embeddings.weight";
  of.token_types = "embeddings.token_type_embeddings.weight";
  of.input_norm = "embeddings.LayerNorm";
  of.layers = "encoder.layer.";
  of.output = "attention.output.dense";
  of.up = "intermediate.dense";
  of.down = "output.dense";
  of.norm_1 = "attention.output.LayerNorm";
  of.norm_2 = "output.LayerNorm";
  of.outer_buffers = {"embeddings.position_ids", "embeddings.token_type_ids"};
  return with_separate_maps(of, "attention.self.", "query", "key", "value");
}

Layout distilbert_layout() {
  Layout of;
  of.embeddings = "embeddings.word_embeddings.weight";
  of.positions = "embeddings.position_embeddings.weight";
  of.input_norm = "embeddings.LayerNorm";
  of.layers = "transformer.layer.";
  of.output = "attention.out_lin";
  of.up = "ffn.lin1";
  of.down = "ffn.lin2";
  of.norm_1 = "sa_layer_norm";
  of.norm_2 = "output_layer_norm";
  of.outer_buffers = {"embeddings.position_ids"};
  return with_separate_maps(of, "attention.", "q_lin", "k_lin", "v_lin");
}

Layout opt_layout() {
  Layout of;
  of.embeddings = "decoder.embed_tokens.weight";
  of.positions = "decoder.embed_positions.weight";
  of.layers = "decoder.layers.";
  of.final_norm = "decoder.final_layer_norm";
  of.output = "self_attn.out_proj";
  of.up = "fc1";
  of.down = "fc2";
  of.norm_1 = "self_attn_layer_norm";
  of.norm_2 = "final_layer_norm";
  return with_separate_maps(of, "self_attn.", "q_proj", "k_proj", "v_proj");
}

Layout gpt_neox_layout() {
  Layout of;
  of.embeddings = "embed_in.weight";
  of.layers = "layers.";
  of.final_norm = "final_layer_norm";
  of.query = of.key = of.value = "attention.query_key_value";
  of.output = "attention.dense";
  of.up = "mlp.dense_h_to_4h";
  of.down = "mlp.dense_4h_to_h";
  of.norm_1 = "input_layernorm";
  of.norm_2 = "post_attention_layernorm";
  of.layer_buffers = {"attention.bias", "attention.masked_bias", "attention.rotary_emb.inv_freq"};
  of.outer_buffers = {"rotary_emb.inv_freq"};
  return of;
}

Layout phi_layout() {
  Layout of;
  of.embeddings = "embed_tokens.weight";
  of.layers = "layers.";
  of.final_norm = "final_layernorm";
  of.output = "self_attn.dense";
  of.up = "mlp.fc1";
  of.down = "mlp.fc2";
  of.norm_1 = of.norm_2 = "input_layernorm";
  of.query_norm = "self_attn.q_layernorm";
  of.key_norm = "self_attn.k_layernorm";
  of.layer_buffers = {"self_attn.rotary_emb.inv_freq"};
  of.outer_buffers = {"rotary_emb.inv_freq"};
  return with_separate_maps(of, "self_attn.", "q_proj", "k_proj", "v_proj");
}

Layout t5_layout() {
  Layout of;
  of.embeddings = "shared.weight";
  of.same_embeddings = "encoder.embed_tokens.weight";
  of.layers = "encoder.block.";
  of.final_norm = "encoder.final_layer_norm";
  of.output = "layer.0.SelfAttention.o";
  of.up = "layer.1.DenseReluDense.wi";
  of.gate = "layer.1.DenseReluDense.wi_0";
  of.gated_up = "layer.1.DenseReluDense.wi_1";
  of.down = "layer.1.DenseReluDense.wo";
  of.norm_1 = "layer.0.layer_norm";
  of.norm_2 = "layer.1.layer_norm";
  of.relative_biases = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight";
  of.foreign = "decoder.";
  return with_separate_maps(of, "layer.0.SelfAttention.", "q", "k", "v");
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

const Layout& layout(Family family) {
  static const std::map<Family, Layout> layouts = {
      {Family::gpt2, gpt2_layout()}, {Family::llama, llama_layout()},
      {Family::bert, bert_layout()}, {Family::distilbert, distilbert_layout()},
      {Family::opt, opt_layout()},   {Family::gpt_neox, gpt_neox_layout()},
      {Family::phi, phi_layout()},   {Family::t5, t5_layout()}};
  return layouts.at(family);
}

const std::string& up_name(const ModelConfig& config) {
  const Layout& of = layout(config.family);
  return config.gated && !of.gated_up.empty() ? of.gated_up : of.up;
}

std::map<std::string, LayerMap> layer_maps(const ModelConfig& config) {
  const Layout& of = layout(config.family);
  const std::size_t d = config.width, all = config.heads * config.head_width,
                    shared = config.key_heads * config.head_width;
  std::map<std::string, LayerMap> maps = {{of.output, {d, all, config.output_bias}},
                                          {up_name(config), {config.hidden, d, config.ffn_bias}},
                                          {of.down, {d, config.hidden, config.ffn_bias}}};
  if (config.gated) maps[of.gate] = {config.hidden, d, config.ffn_bias};
  if (of.query == of.key) {
    maps[of.query] = {3 * all, d, config.query_bias};
  } else {
    maps[of.query] = {all, d, config.query_bias};
    maps[of.key] = maps[of.value] = {shared, d, config.query_bias};
  }
  return maps;
}

Integer parameter_count(const ModelConfig& config) {
  const Layout& of = layout(config.family);
  const Integer d = config.width, of_norm = config.norm_kind == NormKind::layer ? 2 : 1;
  Integer layer = of_norm * d * (of.norm_1 == of.norm_2 ? 1 : 2);
  if (config.head_norms) layer += of_norm * 2 * config.head_width;
  for (const auto& [name, map] : layer_maps(config)) {
    layer += Integer(map.out) * map.in + (map.has_bias ? map.out : 0);
  }
  Integer rows = config.vocabulary + config.token_types;
  if (!of.positions.empty()) rows += config.position_offset + config.positions;
  const int outer_norms = (of.input_norm.empty() ? 0 : 1) + (of.final_norm.empty() ? 0 : 1);
  return rows * d + config.layers * layer + outer_norms * of_norm * d +
         Integer(config.relative_buckets) * config.heads;
}

bool is_of_head(std::string_view name) {
  constexpr std::array heads = {"lm_head"sv,
                                "score"sv,
                                "classifier"sv,
                                "qa_outputs"sv,
                                "cls"sv,
                                "pooler"sv,
                                "v_head"sv,
                                "dropout"sv,
                                "mtp"sv,
                                "multiple_choice_head"sv,
                                "embed_out"sv,
                                "pre_classifier"sv,
                                "vocab_transform"sv,
                                "vocab_layer_norm"sv,
                                "vocab_projector"sv};
  name = unwrapped(name);
  return std::find(heads.begin(), heads.end(), name.substr(0, name.find('.'))) != heads.end();
}

std::string model_prefix(const TensorFile& file, Family family) {
  const std::string_view embeddings = layout(family).embeddings;
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
  const std::set<std::string> of_layer = layer_names(config), outer = outer_names(config);
  for (const std::string& name : all_names(file)) {
    if (!name.starts_with(prefix)) continue;
    const std::string rest = name.substr(prefix.size());
    if (outer.contains(rest)) continue;
    if (!layout(config.family).foreign.empty() && rest.starts_with(layout(config.family).foreign)) continue;
    const auto fail = [&](const std::string& what) {
      throw InputError(file.where() + ": " + shown(name) + ": " + what);
    };
    if (const auto layer = layer_name(rest, layout(config.family).layers)) {
      if (std::stoul(layer->number) >= config.layers) {
        fail("a tensor of a layer beyond the " + std::to_string(config.layers) + " of config.json");
      }
      if (!of_layer.contains(layer->rest)) {
        fail("a layer of a model of type " + config.type +
             " as config.json describes it has no such tensor, so this is another model");
      }
    } else if (!is_of_head(rest)) {
      fail("a model of type " + config.type + " has no such tensor, so this is another model");
    }
  }
}

}  // namespace promptbound

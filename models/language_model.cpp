#include <filesystem>
#include <nlohmann/json.hpp>

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/foreign_file.hpp>
#include <promptbound/models/language_model.hpp>
#include <promptbound/models/mapped_file.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

Index index_of(std::size_t count) { return static_cast<Index>(count); }

/// Loaders apply an adapter that lies in a model's folder: the model is then another one. Soft prompts are
/// not meant: they are asked for by themselves.
void refuse_applied_adapter(const std::string& folder) {
  const std::string path = (std::filesystem::path(folder) / "adapter_config.json").string();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return;
  const Json json = read_foreign_json(path);
  const std::string kind = ConfigReader(json, path).text_or("peft_type", "");
  if (kind == "PROMPT_TUNING" || kind == "P_TUNING") return;
  throw InputError(path + ": lies in the model's folder, and adapters of peft_type " + excerpt(kind) +
                   " are not applied here");
}

ModelConfig open_config(const std::string& folder, const std::vector<std::string>& assumed_inert) {
  require_folder(folder, "config.json");
  refuse_applied_adapter(folder);
  return read_model_config((std::filesystem::path(folder) / "config.json").string(), assumed_inert);
}

TensorFile open_weights(const std::string& folder) {
  const std::filesystem::path path(folder);
  std::error_code ignored;
  if (std::filesystem::exists(path / "model.safetensors", ignored)) {
    return read_safetensors((path / "model.safetensors").string());
  }
  if (std::filesystem::exists(path / "model.safetensors.index.json", ignored)) {
    return read_safetensors_index((path / "model.safetensors.index.json").string());
  }
  refuse_weights(folder, "model.safetensors");
}

}  // namespace

LanguageModel::LanguageModel(const std::string& folder, const std::vector<std::string>& assumed_inert)
    : config_(open_config(folder, assumed_inert)),
      file_(open_weights(folder)),
      prefix_(model_prefix(file_, config_.family)) {
  check_tensor_names(file_, prefix_, config_);
  static_cast<void>(tensor(prefix_ + embedding_name(config_.family), {config_.vocabulary, config_.width}));
}

const Tensor& LanguageModel::tensor(const std::string& name, const std::vector<std::size_t>& shape) const {
  const Tensor& found = file_.at(name);
  if (found.shape != shape) {
    throw InputError(found.where + ": has shape " + shape_text(found.shape) + ", and config.json asks for " +
                     shape_text(shape));
  }
  return found;
}

Vector<double> LanguageModel::vector(const std::string& name, std::size_t first, std::size_t count,
                                     std::size_t size) const {
  Vector<double> result(index_of(count));
  read_elements<double>(tensor(name, {size}), first, 1, {result.data(), count});
  return result;
}

Matrix<double> LanguageModel::table_rows(const std::string& name, std::size_t rows, std::size_t first,
                                         std::size_t count) const {
  const Tensor& table = tensor(name, {rows, config_.width});
  if (first > rows || count > rows - first)
    throw InputError(table.where + ": has only " + std::to_string(rows) + " rows");
  Matrix<double> result(index_of(config_.width), index_of(count));
  read_elements<double>(table, first * config_.width, 1,
                        {result.data(), static_cast<std::size_t>(result.size())});
  const std::size_t row_size = config_.width * size_of(table.type);
  give_back(table.bytes.subspan(first * row_size, count * row_size));
  return result;
}

NormWeights LanguageModel::norm(const std::string& name) const {
  const std::size_t d = config_.width;
  const auto weights = [&](const std::string& gain, const std::string& bias) {
    return NormWeights{NormKind::layer, config_.norm_epsilon, vector(name + gain, d), vector(name + bias, d)};
  };
  if (config_.has_rms_norm()) {
    return {NormKind::rms, config_.norm_epsilon, vector(name + ".weight", d),
            Vector<double>::Zero(index_of(d))};
  }
  // Older BERT files say gamma and beta.
  if (file_.find(name + ".gamma") != nullptr) {
    if (file_.find(name + ".weight") != nullptr) {
      throw InputError(file_.where() + ": holds both " + name + ".gamma and " + name + ".weight");
    }
    return weights(".gamma", ".beta");
  }
  return weights(".weight", ".bias");
}

Matrix<double> LanguageModel::block(const Linear& map, std::size_t row, std::size_t rows, std::size_t column,
                                    std::size_t columns) const {
  const bool is_transposed = config_.family == Family::gpt2;
  const Tensor& W = is_transposed ? tensor(map.name + ".weight", {map.in, map.out})
                                  : tensor(map.name + ".weight", {map.out, map.in});
  const std::size_t row_step = is_transposed ? 1 : map.in, column_step = is_transposed ? map.out : 1;
  Matrix<double> result(index_of(rows), index_of(columns));
  for (std::size_t j = 0; j < columns; ++j) {
    read_elements<double>(W, row * row_step + (column + j) * column_step, row_step,
                          {result.col(index_of(j)).data(), rows});
  }
  return result;
}

Vector<double> LanguageModel::bias(const Linear& map, std::size_t first, std::size_t count) const {
  if (!map.has_bias) return Vector<double>::Zero(index_of(count));
  return vector(map.name + ".bias", first, count, map.out);
}

Affine LanguageModel::rows(const Linear& map, std::size_t first, std::size_t count) const {
  return {block(map, first, count, 0, map.in), bias(map, first, count)};
}

TrainedAttention LanguageModel::attention(const Projections& maps) const {
  const std::size_t s = config_.head_width, shared = config_.heads / config_.key_heads;
  TrainedAttention result;
  for (std::size_t g = 0; g < config_.key_heads; ++g) {
    KeyGroup& group = result.groups.emplace_back();
    group.key = rows(maps.key, maps.first_key + g * s, s);
    group.value = rows(maps.value, maps.first_value + g * s, s);
    for (std::size_t h = g * shared; h < (g + 1) * shared; ++h) {
      group.queries.push_back({rows(maps.query, h * s, s), block(maps.output, 0, config_.width, h * s, s)});
    }
  }
  result.output_bias = bias(maps.output);
  result.mask = config_.is_causal() ? Mask::causal : Mask::bidirectional;
  if (config_.scaled) result.score_divisor = config_.head_width;
  result.rotary = config_.rotary;
  return result;
}

TrainedFeedForward LanguageModel::feed_forward(const Linear& up, const std::optional<Linear>& gate,
                                               const Linear& down) const {
  TrainedFeedForward result{matrix(up), bias(up), std::nullopt, config_.activation, matrix(down), bias(down)};
  if (gate) result.gate = rows(*gate, 0, gate->out);
  return result;
}

TrainedLayer LanguageModel::gpt2_layer(const std::string& prefix) const {
  const std::size_t d = config_.width;
  const Linear joined{prefix + "attn.c_attn", 3 * d, d, true};
  return {NormPlace::before, norm(prefix + "ln_1"), norm(prefix + "ln_2"),
          attention({joined, joined, joined, {prefix + "attn.c_proj", d, d, true}, d, 2 * d}),
          feed_forward({prefix + "mlp.c_fc", config_.hidden, d, true}, std::nullopt,
                       {prefix + "mlp.c_proj", d, config_.hidden, true})};
}

TrainedLayer LanguageModel::llama_layer(const std::string& prefix) const {
  const std::size_t d = config_.width, all = config_.heads * config_.head_width,
                    shared = config_.key_heads * config_.head_width;
  const bool bias = config_.query_bias;
  return {NormPlace::before, norm(prefix + "input_layernorm"), norm(prefix + "post_attention_layernorm"),
          attention({{prefix + "self_attn.q_proj", all, d, bias},
                     {prefix + "self_attn.k_proj", shared, d, bias},
                     {prefix + "self_attn.v_proj", shared, d, bias},
                     {prefix + "self_attn.o_proj", d, all, config_.output_bias}}),
          feed_forward({prefix + "mlp.up_proj", config_.hidden, d, config_.ffn_bias},
                       Linear{prefix + "mlp.gate_proj", config_.hidden, d, config_.ffn_bias},
                       {prefix + "mlp.down_proj", d, config_.hidden, config_.ffn_bias})};
}

TrainedLayer LanguageModel::bert_layer(const std::string& prefix) const {
  const std::size_t d = config_.width;
  return {NormPlace::after, norm(prefix + "attention.output.LayerNorm"), norm(prefix + "output.LayerNorm"),
          attention({{prefix + "attention.self.query", d, d, true},
                     {prefix + "attention.self.key", d, d, true},
                     {prefix + "attention.self.value", d, d, true},
                     {prefix + "attention.output.dense", d, d, true}}),
          feed_forward({prefix + "intermediate.dense", config_.hidden, d, true}, std::nullopt,
                       {prefix + "output.dense", d, config_.hidden, true})};
}

TrainedLayer LanguageModel::layer(std::size_t index) const {
  const std::string prefix = prefix_ + layers_name(config_.family) + std::to_string(index) + ".";
  TrainedLayer layer = converted_layer(prefix);
  for (auto entry = file_.tensors().lower_bound(prefix);
       entry != file_.tensors().end() && entry->first.starts_with(prefix); ++entry) {
    give_back(entry->second.bytes);
  }
  return layer;
}

TrainedLayer LanguageModel::converted_layer(const std::string& prefix) const {
  switch (config_.family) {
    case Family::gpt2:
      return gpt2_layer(prefix);
    case Family::llama:
      return llama_layer(prefix);
    default:
      return bert_layer(prefix);
  }
}

std::optional<NormWeights> LanguageModel::final_norm() const {
  switch (config_.family) {
    case Family::gpt2:
      return norm(prefix_ + "ln_f");
    case Family::llama:
      return norm(prefix_ + "norm");
    default:
      return std::nullopt;
  }
}

InputWeights LanguageModel::input() const {
  switch (config_.family) {
    case Family::gpt2:
      return {table_rows(prefix_ + "wpe.weight", config_.positions, 0, config_.positions), std::nullopt,
              std::nullopt};
    case Family::llama:
      return {};
    default:
      return {table_rows(prefix_ + "embeddings.position_embeddings.weight", config_.positions, 0,
                         config_.positions),
              table_rows(prefix_ + "embeddings.token_type_embeddings.weight", config_.token_types, 0, 1),
              norm(prefix_ + "embeddings.LayerNorm")};
  }
}

const Tensor& LanguageModel::embedding_table() const {
  return file_.at(prefix_ + embedding_name(config_.family));
}

Matrix<double> LanguageModel::token_embeddings(std::size_t first, std::size_t count) const {
  return table_rows(prefix_ + embedding_name(config_.family), config_.vocabulary, first, count);
}

}  // namespace promptbound

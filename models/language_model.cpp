#include <filesystem>
#include <nlohmann/json.hpp>

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/foreign_file.hpp>
#include <promptbound/models/language_model.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

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

Affine part(const Affine& whole, std::size_t first_row, std::size_t rows) {
  return {whole.W.middleRows(index_of(first_row), index_of(rows)),
          whole.b.segment(index_of(first_row), index_of(rows))};
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

Matrix<double> LanguageModel::matrix(const std::string& name, std::size_t rows, std::size_t columns) const {
  const std::vector<double> numbers = values<double>(tensor(name, {rows, columns}));
  return Eigen::Map<const RowMajor>(numbers.data(), index_of(rows), index_of(columns));
}

Vector<double> LanguageModel::vector(const std::string& name, std::size_t size) const {
  const std::vector<double> numbers = values<double>(tensor(name, {size}));
  return Eigen::Map<const Vector<double>>(numbers.data(), index_of(size));
}

Matrix<double> LanguageModel::table_rows(const std::string& name, std::size_t rows, std::size_t first,
                                         std::size_t count) const {
  Tensor table = tensor(name, {rows, config_.width});
  const std::size_t row_size = config_.width * size_of(table.type);
  if (first > rows || count > rows - first)
    throw InputError(table.where + ": has only " + std::to_string(rows) + " rows");
  table.bytes = table.bytes.subspan(first * row_size, count * row_size);
  table.shape[0] = count;
  const std::vector<double> numbers = values<double>(table);
  return Eigen::Map<const Matrix<double>>(numbers.data(), index_of(config_.width), index_of(count));
}

Affine LanguageModel::linear(const std::string& name, std::size_t out, std::size_t in, bool bias) const {
  return {matrix(name + ".weight", out, in),
          bias ? vector(name + ".bias", out) : Vector<double>(Vector<double>::Zero(index_of(out)))};
}

Affine LanguageModel::transposed_linear(const std::string& name, std::size_t out, std::size_t in) const {
  return {matrix(name + ".weight", in, out).transpose(), vector(name + ".bias", out)};
}

NormWeights LanguageModel::norm(const std::string& name) const {
  const std::size_t d = config_.width;
  if (config_.has_rms_norm()) return {vector(name + ".weight", d), Vector<double>::Zero(index_of(d))};
  // Older BERT files say gamma and beta.
  if (file_.find(name + ".gamma") != nullptr) {
    if (file_.find(name + ".weight") != nullptr) {
      throw InputError(file_.where() + ": holds both " + name + ".gamma and " + name + ".weight");
    }
    return {vector(name + ".gamma", d), vector(name + ".beta", d)};
  }
  return {vector(name + ".weight", d), vector(name + ".bias", d)};
}

std::vector<HeadWeights> LanguageModel::split_heads(const Affine& query, const Affine& key,
                                                    const Affine& value, const Matrix<double>& output) const {
  const std::size_t s = config_.head_width;
  std::vector<HeadWeights> heads;
  for (std::size_t h = 0; h < config_.heads; ++h) {
    const std::size_t shared = h / (config_.heads / config_.key_heads);
    heads.push_back({part(query, h * s, s), part(key, shared * s, s), part(value, shared * s, s),
                     output.middleCols(index_of(h * s), index_of(s))});
  }
  return heads;
}

LayerWeights LanguageModel::gpt2_layer(const std::string& prefix) const {
  const std::size_t d = config_.width;
  const Affine all = transposed_linear(prefix + "attn.c_attn", 3 * d, d);
  const Affine output = transposed_linear(prefix + "attn.c_proj", d, d);
  return {split_heads(part(all, 0, d), part(all, d, d), part(all, 2 * d, d), output.W),
          output.b,
          norm(prefix + "ln_1"),
          norm(prefix + "ln_2"),
          transposed_linear(prefix + "mlp.c_fc", config_.hidden, d),
          std::nullopt,
          transposed_linear(prefix + "mlp.c_proj", d, config_.hidden)};
}

LayerWeights LanguageModel::llama_layer(const std::string& prefix) const {
  const std::size_t d = config_.width, all = config_.heads * config_.head_width,
                    shared = config_.key_heads * config_.head_width;
  const Affine output = linear(prefix + "self_attn.o_proj", d, all, config_.output_bias);
  const bool bias = config_.query_bias;
  return {split_heads(linear(prefix + "self_attn.q_proj", all, d, bias),
                      linear(prefix + "self_attn.k_proj", shared, d, bias),
                      linear(prefix + "self_attn.v_proj", shared, d, bias), output.W),
          output.b,
          norm(prefix + "input_layernorm"),
          norm(prefix + "post_attention_layernorm"),
          linear(prefix + "mlp.up_proj", config_.hidden, d, config_.ffn_bias),
          linear(prefix + "mlp.gate_proj", config_.hidden, d, config_.ffn_bias),
          linear(prefix + "mlp.down_proj", d, config_.hidden, config_.ffn_bias)};
}

LayerWeights LanguageModel::bert_layer(const std::string& prefix) const {
  const std::size_t d = config_.width;
  const Affine output = linear(prefix + "attention.output.dense", d, d, true);
  return {split_heads(linear(prefix + "attention.self.query", d, d, true),
                      linear(prefix + "attention.self.key", d, d, true),
                      linear(prefix + "attention.self.value", d, d, true), output.W),
          output.b,
          norm(prefix + "attention.output.LayerNorm"),
          norm(prefix + "output.LayerNorm"),
          linear(prefix + "intermediate.dense", config_.hidden, d, true),
          std::nullopt,
          linear(prefix + "output.dense", d, config_.hidden, true)};
}

LayerWeights LanguageModel::layer(std::size_t index) const {
  const std::string prefix = prefix_ + layers_name(config_.family) + std::to_string(index) + ".";
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

std::optional<NormWeights> LanguageModel::embedding_norm() const {
  if (config_.family != Family::bert) return std::nullopt;
  return norm(prefix_ + "embeddings.LayerNorm");
}

Matrix<double> LanguageModel::position_codes(std::size_t first, std::size_t count) const {
  switch (config_.family) {
    case Family::gpt2:
      return table_rows(prefix_ + "wpe.weight", config_.positions, first, count);
    case Family::llama:
      return Matrix<double>::Zero(index_of(config_.width), index_of(count));
    default:
      return table_rows(prefix_ + "embeddings.position_embeddings.weight", config_.positions, first, count);
  }
}

Vector<double> LanguageModel::type_code() const {
  if (config_.family != Family::bert) return Vector<double>::Zero(index_of(config_.width));
  return table_rows(prefix_ + "embeddings.token_type_embeddings.weight", config_.token_types, 0, 1);
}

Matrix<double> LanguageModel::token_embeddings(std::size_t first, std::size_t count) const {
  return table_rows(prefix_ + embedding_name(config_.family), config_.vocabulary, first, count);
}

}  // namespace promptbound

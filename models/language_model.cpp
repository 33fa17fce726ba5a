#include <algorithm>
#include <cmath>
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

ModelConfig read_configuration(const std::string& folder, const std::vector<std::string>& assumed_inert) {
  require_folder(folder, "config.json");
  refuse_applied_adapter(folder);
  return read_model_config((std::filesystem::path(folder) / "config.json").string(), assumed_inert);
}

LanguageModel::LanguageModel(const std::string& folder, const std::vector<std::string>& assumed_inert)
    : config_(read_configuration(folder, assumed_inert)),
      file_(open_weights(folder)),
      prefix_(model_prefix(file_, config_.family)) {
  check_tensor_names(file_, prefix_, config_);
  const Layout& of = layout(config_.family);
  const Tensor& embeddings = tensor(prefix_ + of.embeddings, {config_.vocabulary, config_.width});
  if (of.same_embeddings.empty()) return;
  const Tensor* same = file_.find(prefix_ + of.same_embeddings);
  if (same == nullptr) return;
  if (same->type != embeddings.type || !std::ranges::equal(same->bytes, embeddings.bytes)) {
    throw InputError(same->where + ": differs from " + of.embeddings + ", and the model has one such table");
  }
  give_back(same->bytes);
  give_back(embeddings.bytes);
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

Vector<double> LanguageModel::gain(const std::string& name, std::size_t size) const {
  Vector<double> stored = vector(name, size);
  if (!config_.gain_from_one) return stored;
  for (Index i = 0; i < stored.size(); ++i) {
    const double sum = 1 + stored(i);
    if (Rational(sum) != 1 + Rational(stored(i))) {
      throw InputError(file_.at(name).where + ": element " + std::to_string(i) +
                       ": 1 + w is no binary64 number, and gains are modelled as such numbers");
    }
    stored(i) = sum;
  }
  return stored;
}

NormWeights LanguageModel::norm(const std::string& name, std::size_t size) const {
  if (config_.norm_kind == NormKind::rms) {
    return {NormKind::rms, config_.norm_epsilon, gain(name + ".weight", size),
            Vector<double>::Zero(index_of(size))};
  }
  // Older BERT files say gamma and beta.
  const bool is_old = file_.find(name + ".gamma") != nullptr;
  if (is_old && file_.find(name + ".weight") != nullptr) {
    throw InputError(file_.where() + ": holds both " + name + ".gamma and " + name + ".weight");
  }
  return {NormKind::layer, config_.norm_epsilon, gain(name + (is_old ? ".gamma" : ".weight"), size),
          vector(name + (is_old ? ".beta" : ".bias"), size)};
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

/// Projections whose rows (output: columns) are the heads one after the other, from these rows on.
struct LanguageModel::Projections {
  Linear query, key, value, output;
  std::size_t first_key, first_value;
  std::size_t step;  ///< from one head's rows to the next one's
};

LanguageModel::Projections LanguageModel::projections(const std::string& prefix) const {
  const Layout& of = layout(config_.family);
  const std::size_t d = config_.width, s = config_.head_width, all = config_.heads * s,
                    shared = config_.key_heads * s;
  const Linear output{prefix + of.output, d, all, config_.output_bias};
  if (of.query != of.key) {
    const bool bias = config_.query_bias;
    return {{prefix + of.query, all, d, bias},
            {prefix + of.key, shared, d, bias},
            {prefix + of.value, shared, d, bias},
            output,
            0,
            0,
            s};
  }
  // One map for all: the three kinds one after the other, or in GPT-NeoX the three of each head.
  const Linear joined{prefix + of.query, 3 * all, d, config_.query_bias};
  if (config_.family == Family::gpt_neox) return {joined, joined, joined, output, s, 2 * s, 3 * s};
  return {joined, joined, joined, output, all, 2 * all, s};
}

TrainedAttention LanguageModel::attention(const std::string& prefix) const {
  const Projections maps = projections(prefix);
  const std::size_t s = config_.head_width, shared = config_.heads / config_.key_heads;
  TrainedAttention result;
  for (std::size_t g = 0; g < config_.key_heads; ++g) {
    KeyGroup& group = result.groups.emplace_back();
    group.key = rows(maps.key, maps.first_key + g * maps.step, s);
    group.value = rows(maps.value, maps.first_value + g * maps.step, s);
    for (std::size_t h = g * shared; h < (g + 1) * shared; ++h) {
      group.queries.push_back(
          {rows(maps.query, h * maps.step, s), block(maps.output, 0, config_.width, h * s, s)});
    }
  }
  result.output_bias = bias(maps.output);
  result.mask = config_.is_causal() ? Mask::causal : Mask::bidirectional;
  if (config_.scaled) result.score_divisor = config_.head_width;
  result.rotary = config_.rotary;
  if (config_.head_norms) {
    result.query_norm = norm(prefix + layout(config_.family).query_norm, s);
    result.key_norm = norm(prefix + layout(config_.family).key_norm, s);
  }
  if (config_.relative_buckets > 0) {
    const std::size_t buckets = config_.relative_buckets, heads = config_.heads;
    const Tensor& stored = tensor(prefix_ + layout(config_.family).relative_biases, {buckets, heads});
    Matrix<double> table(index_of(buckets), index_of(heads));
    for (std::size_t h = 0; h < heads; ++h) {
      read_elements<double>(stored, h, heads, {table.col(index_of(h)).data(), buckets});
    }
    result.relative_biases = RelativeBiases{std::move(table), {buckets, config_.relative_distance}};
  }
  return result;
}

TrainedFeedForward LanguageModel::feed_forward(const std::string& prefix) const {
  const Layout& of = layout(config_.family);
  const std::size_t d = config_.width, hidden = config_.hidden;
  const Linear up{prefix + up_name(config_), hidden, d, config_.ffn_bias},
      down{prefix + of.down, d, hidden, config_.ffn_bias};
  TrainedFeedForward result{matrix(up), bias(up), std::nullopt, config_.activation, matrix(down), bias(down)};
  if (config_.gated) result.gate = rows({prefix + of.gate, hidden, d, config_.ffn_bias}, 0, hidden);
  return result;
}

TrainedLayer LanguageModel::layer(std::size_t index) const {
  const Layout& of = layout(config_.family);
  const std::string prefix = prefix_ + of.layers + std::to_string(index) + ".";
  TrainedLayer layer{config_.norm_place, norm(prefix + of.norm_1, config_.width),
                     norm(prefix + of.norm_2, config_.width), attention(prefix), feed_forward(prefix)};
  for (auto entry = file_.tensors().lower_bound(prefix);
       entry != file_.tensors().end() && entry->first.starts_with(prefix); ++entry) {
    give_back(entry->second.bytes);
  }
  return layer;
}

std::optional<NormWeights> LanguageModel::final_norm() const {
  const std::string& name = layout(config_.family).final_norm;
  if (name.empty()) return std::nullopt;
  return norm(prefix_ + name, config_.width);
}

std::optional<double> LanguageModel::embedding_scale() const {
  if (!config_.scaled_embeddings) return std::nullopt;
  // The class computes sqrt(d) in binary64 and rounds it to the type of what it multiplies.
  const double root = std::sqrt(static_cast<double>(config_.width));
  const ElementType type = file_.at(prefix_ + layout(config_.family).embeddings).type;
  if (type == ElementType::F64) return root;
  const int bits = type == ElementType::BF16 ? 8 : type == ElementType::F16 ? 11 : 24;
  int exponent = 0;
  const double mantissa = std::frexp(static_cast<double>(static_cast<float>(root)), &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, bits)), exponent - bits);
}

InputWeights LanguageModel::input() const {
  const Layout& of = layout(config_.family);
  InputWeights result;
  if (!of.positions.empty()) {
    result.position_codes = table_rows(prefix_ + of.positions, config_.position_offset + config_.positions,
                                       config_.position_offset, config_.positions);
  }
  if (config_.token_types > 0) {
    result.common_code =
        Vector<double>(table_rows(prefix_ + of.token_types, config_.token_types, 0, 1).col(0));
  }
  if (!of.input_norm.empty()) result.norm = norm(prefix_ + of.input_norm, config_.width);
  result.scale = embedding_scale();
  return result;
}

const Tensor& LanguageModel::embedding_table() const {
  return file_.at(prefix_ + embedding_name(config_.family));
}

Matrix<double> LanguageModel::token_embeddings(std::size_t first, std::size_t count) const {
  return table_rows(prefix_ + layout(config_.family).embeddings, config_.vocabulary, first, count);
}

}  // namespace promptbound

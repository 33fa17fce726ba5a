#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/mapped_file.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/models/unembedding.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

/// Settings of generation that make another token than that of the largest logit the next one. Each is off at
/// null, false, 0, 1 or an empty list.
constexpr std::array decoding_settings = {"bad_words_ids",
                                          "begin_suppress_tokens",
                                          "encoder_no_repeat_ngram_size",
                                          "encoder_repetition_penalty",
                                          "exponential_decay_length_penalty",
                                          "final_logit_softcapping",
                                          "forced_bos_token_id",
                                          "forced_eos_token_id",
                                          "logit_scale",
                                          "logits_scaling",
                                          "min_length",
                                          "min_new_tokens",
                                          "no_repeat_ngram_size",
                                          "repetition_penalty",
                                          "sequence_bias",
                                          "suppress_tokens"};

bool is_off(const ConfigReader& config, const char* name) {
  const Json* value = config.find(name);
  if (value == nullptr || *value == false || (value->is_structured() && value->empty())) return true;
  const bool is_number = value->is_number() || value->is_string();
  if (!is_number) return false;
  const Rational number = rational_from(*value, config.where());
  const std::string_view text = name;
  const bool is_factor = text.ends_with("penalty") || text.starts_with("logit");
  const bool is_token = text.ends_with("token_id");
  return !is_token && number == (is_factor ? 1 : 0);
}

/// The one tensor of this name behind whatever wraps it; null where there is none.
const Tensor* find_head(const TensorFile& file, const std::string& name) {
  const Tensor* found = nullptr;
  for (const auto& entry : file.tensors()) {
    if (!entry.first.ends_with(name) || !is_of_head(entry.first)) continue;
    if (found != nullptr) throw InputError(file.where() + ": two tensors are named " + name);
    found = &entry.second;
  }
  return found;
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.type == b.type && a.shape == b.shape && a.bytes.size() == b.bytes.size() &&
         std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin());
}

}  // namespace

Unembedding::Unembedding(const LanguageModel& model, const std::string& folder)
    : model_(model), count_(model.config().vocabulary) {
  const std::string path = (std::filesystem::path(folder) / "config.json").string();
  const Json json = read_foreign_json(path);
  const ConfigReader config(json, path);
  for (const char* name : decoding_settings) {
    if (!is_off(config, name)) {
      config.fail(name,
                  excerpt(*config.find(name)) +
                      ": the next token would not be that of the largest logit, or logits would be others");
    }
  }
  const TensorFile& file = model.file();
  const Tensor* table = find_head(file, "lm_head.weight");
  // What the classes of these families do where the member is absent.
  const bool is_tied = config.flag_or("tie_word_embeddings", model.config().family == Family::gpt2);
  if (table != nullptr && is_tied && !same_bytes(*table, model.embedding_table())) {
    throw InputError(table->where + ": differs from the embeddings, which config.json ties it to" +
                     (config.has("tie_word_embeddings") ? "" : " (the default of this model_type)"));
  }
  if (!is_tied) {
    if (table == nullptr) {
      throw InputError(file.where() +
                       ": no tensor 'lm_head.weight', and config.json does not tie it to the embeddings");
    }
    if (table->shape != std::vector<std::size_t>{count_, model.config().width}) {
      throw InputError(table->where + ": has shape " + shape_text(table->shape) +
                       ", and config.json asks for " + shape_text({count_, model.config().width}));
    }
    table_ = table;
  }
  bias_ = find_head(file, "lm_head.bias");
  if (bias_ != nullptr && bias_->shape != std::vector<std::size_t>{count_}) {
    throw InputError(bias_->where + ": has shape " + shape_text(bias_->shape) + ", and " +
                     std::to_string(count_) + " entries are needed");
  }
}

Matrix<double> Unembedding::rows(std::size_t first, std::size_t count) const {
  if (table_ == nullptr) return model_.token_embeddings(first, count);
  const std::size_t d = model_.config().width;
  Matrix<double> result(static_cast<Index>(d), static_cast<Index>(count));
  read_elements<double>(*table_, first * d, 1, {result.data(), static_cast<std::size_t>(result.size())});
  const std::size_t row_size = d * size_of(table_->type);
  give_back(table_->bytes.subspan(first * row_size, count * row_size));
  return result;
}

Vector<double> Unembedding::bias(std::size_t first, std::size_t count) const {
  Vector<double> result = Vector<double>::Zero(static_cast<Index>(count));
  if (bias_ != nullptr) read_elements<double>(*bias_, first, 1, {result.data(), count});
  return result;
}

void refuse_trained_head(const std::string& folder) {
  const std::filesystem::path path = std::filesystem::path(folder) / "adapter_model.safetensors";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return;
  const TensorFile file = read_safetensors(path.string());
  for (const auto& entry : file.tensors()) {
    if (is_of_head(entry.first)) {
      throw InputError(entry.second.where + ": an output layer of its own, and recall is of a prompt alone");
    }
  }
}

}  // namespace promptbound

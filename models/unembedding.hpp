/// The rows that turn a language model's last state into logits, one for each token of its vocabulary.
#pragma once

#include <promptbound/models/language_model.hpp>

namespace promptbound {

/// The table `lm_head.weight`, with `lm_head.bias` where the file holds one, or the table of the embeddings
/// where config.json ties the two. Rows that only fill the vocabulary up, and those of special tokens, are
/// rows like all others.
class Unembedding {
 public:
  /// Takes the model and its folder; the model must outlive this object. Throws InputError where the files
  /// leave open which table it is, and where config.json asks for what changes the order of the logits or the
  /// logits themselves (soft caps, penalties, forced or suppressed tokens).
  Unembedding(const LanguageModel& model, const std::string& folder);

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] ElementType type() const {
    return table_ != nullptr ? table_->type : model_.embedding_table().type;
  }
  /// Returns the rows first .. first + count - 1 as columns: d x count.
  [[nodiscard]] Matrix<double> rows(std::size_t first, std::size_t count) const;
  /// Returns what is added to their logits; 0 where the file holds no bias.
  [[nodiscard]] Vector<double> bias(std::size_t first, std::size_t count) const;

 private:
  const LanguageModel& model_;
  const Tensor* table_ = nullptr;
  const Tensor* bias_ = nullptr;
  std::size_t count_;
};

/// Throws InputError where the adapter in this folder holds an output layer of its own: a model with it says
/// something else than the prompt alone makes it say.
void refuse_trained_head(const std::string& folder);

}  // namespace promptbound

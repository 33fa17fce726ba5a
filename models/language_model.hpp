/// The weights of a language model on disk, layer by layer: GPT-2-, LLaMA- and BERT-like layouts.
#pragma once

#include <optional>

#include <promptbound/models/model_config.hpp>
#include <promptbound/models/tensor.hpp>
#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// x -> W x + b; W out x in. All entries are the exact numbers of the file.
struct Affine {
  Matrix<double> W;
  Vector<double> b;  ///< 0 where the model has none
};

/// x -> gain * (x - mean)/sqrt(variance + eps) + bias, or without mean and bias (RMS norm).
struct NormWeights {
  Vector<double> gain;
  Vector<double> bias;
};

/// One head; heads that share keys hold equal copies.
struct HeadWeights {
  Affine query, key, value;  ///< s x d
  Matrix<double> output;     ///< d x s: its columns of the output projection
};

struct LayerWeights {
  std::vector<HeadWeights> heads;
  Vector<double> output_bias;  ///< d, of the output projection
  NormWeights norm_1,
      norm_2;  ///< of the attention and of the feed-forward block (config: before or after it)
  Affine up;   ///< hidden x d
  std::optional<Affine> gate;  ///< hidden x d: hidden layer = activation(gate) * up, else activation(up)
  Affine down;                 ///< d x hidden
};

/// A folder with config.json and model.safetensors or model.safetensors.index.json. The files are mapped;
/// each call reads only the tensors that it returns.
class LanguageModel {
 public:
  /// Throws InputError when the folder, its configuration or the embeddings' shape is not as described, and
  /// when a member or a tensor stands for something that is not modelled; assumed_inert as in
  /// read_model_config.
  explicit LanguageModel(const std::string& folder, const std::vector<std::string>& assumed_inert = {});

  [[nodiscard]] const ModelConfig& config() const { return config_; }
  /// Throws InputError when a tensor is missing, has another shape or element type, or holds a NaN or an
  /// infinity. 0 <= index < layers.
  [[nodiscard]] LayerWeights layer(std::size_t index) const;
  /// The norm after the last layer; none for BERT-like models.
  [[nodiscard]] std::optional<NormWeights> final_norm() const;
  /// The norm of the embeddings; BERT-like models only.
  [[nodiscard]] std::optional<NormWeights> embedding_norm() const;
  /// What is added to the token at a position: d x count for the positions first, first + 1, ...; 0 for
  /// rotary positions.
  [[nodiscard]] Matrix<double> position_codes(std::size_t first, std::size_t count) const;
  /// What is added to every token: the embedding of token type 0 in BERT-like models, else 0.
  [[nodiscard]] Vector<double> type_code() const;
  /// The embeddings of the vocabulary's tokens first, first + 1, ...: d x count.
  [[nodiscard]] Matrix<double> token_embeddings(std::size_t first, std::size_t count) const;

 private:
  [[nodiscard]] const Tensor& tensor(const std::string& name, const std::vector<std::size_t>& shape) const;
  [[nodiscard]] Matrix<double> matrix(const std::string& name, std::size_t rows, std::size_t columns) const;
  [[nodiscard]] Vector<double> vector(const std::string& name, std::size_t size) const;
  /// Rows first .. first + count - 1 of a table with so many rows, as columns.
  [[nodiscard]] Matrix<double> table_rows(const std::string& name, std::size_t rows, std::size_t first,
                                          std::size_t count) const;
  /// NAME.weight (out x in) and NAME.bias; without bias, 0.
  [[nodiscard]] Affine linear(const std::string& name, std::size_t out, std::size_t in, bool bias) const;
  /// NAME.weight (in x out, the layout of GPT-2) and NAME.bias.
  [[nodiscard]] Affine transposed_linear(const std::string& name, std::size_t out, std::size_t in) const;
  [[nodiscard]] NormWeights norm(const std::string& name) const;
  [[nodiscard]] LayerWeights gpt2_layer(const std::string& prefix) const;
  [[nodiscard]] LayerWeights llama_layer(const std::string& prefix) const;
  [[nodiscard]] LayerWeights bert_layer(const std::string& prefix) const;
  /// The heads of projections whose rows (output: columns) are the heads one after the other.
  [[nodiscard]] std::vector<HeadWeights> split_heads(const Affine& query, const Affine& key,
                                                     const Affine& value, const Matrix<double>& output) const;

  ModelConfig config_;
  TensorFile file_;
  std::string prefix_;  ///< of all names
};

}  // namespace promptbound

/// The weights of a language model on disk, layer by layer, in the layouts of `Family`.
#pragma once

#include <optional>

#include <promptbound/models/model_config.hpp>
#include <promptbound/models/tensor.hpp>
#include <promptbound/transformer/trained_layer.hpp>

namespace promptbound {

/// Reads config.json in a model's folder. Throws InputError as LanguageModel does for it, and where the
/// folder holds an adapter that loaders would apply.
[[nodiscard]] ModelConfig read_configuration(const std::string& folder,
                                             const std::vector<std::string>& assumed_inert = {});

/// A folder with config.json and model.safetensors or model.safetensors.index.json. The files are mapped;
/// each call converts the tensors that it returns, once, into the matrices where they are used, and gives the
/// memory of what it has read back.
/// @code
/// const LanguageModel model("gpt2");
/// for (std::size_t l = 0; l < model.config().layers; ++l) {
///   const TrainedLayer layer = model.layer(l);  // its memory goes with it
/// }
/// @endcode
class LanguageModel {
 public:
  /// Throws InputError when the folder, its configuration or the embeddings' shape is not as described, and
  /// when a member or a tensor stands for something that is not modelled; assumed_inert as in
  /// read_model_config.
  explicit LanguageModel(const std::string& folder, const std::vector<std::string>& assumed_inert = {});

  [[nodiscard]] const ModelConfig& config() const { return config_; }
  /// Throws InputError when a tensor is missing, has another shape or element type, or holds a NaN or an
  /// infinity. 0 <= index < layers.
  [[nodiscard]] TrainedLayer layer(std::size_t index) const;
  /// Returns what enters the first layer, with the codes of all positions where these are learned. Token
  /// types: the code of type 0.
  [[nodiscard]] InputWeights input() const;
  /// Returns sqrt(d) as the model multiplies tokens by it, in the element type of its embeddings; nothing
  /// where it does not.
  [[nodiscard]] std::optional<double> embedding_scale() const;
  /// Returns the norm after the last layer, where the model has one.
  [[nodiscard]] std::optional<NormWeights> final_norm() const;
  /// Returns the embeddings of the vocabulary's tokens first, first + 1, ...: d x count.
  [[nodiscard]] Matrix<double> token_embeddings(std::size_t first, std::size_t count) const;
  /// Returns the table of these embeddings as the file holds it, and the tensors of all files.
  [[nodiscard]] const Tensor& embedding_table() const;
  [[nodiscard]] const TensorFile& file() const { return file_; }

 private:
  [[nodiscard]] const Tensor& tensor(const std::string& name, const std::vector<std::size_t>& shape) const;
  [[nodiscard]] Vector<double> vector(const std::string& name, std::size_t first, std::size_t count,
                                      std::size_t size) const;
  [[nodiscard]] Vector<double> vector(const std::string& name, std::size_t size) const {
    return vector(name, 0, size, size);
  }
  /// Reads the rows first .. first + count - 1 of a table with so many rows, as columns.
  [[nodiscard]] Matrix<double> table_rows(const std::string& name, std::size_t rows, std::size_t first,
                                          std::size_t count) const;
  [[nodiscard]] NormWeights norm(const std::string& name, std::size_t size) const;
  /// Reads the gain of a norm, to which files of some families hold the difference from 1.
  [[nodiscard]] Vector<double> gain(const std::string& name, std::size_t size) const;

  /// NAME.weight and NAME.bias: `out` x `in`, in GPT-2 `in` x `out`; without bias, 0.
  struct Linear {
    std::string name;
    std::size_t out, in;
    bool has_bias;
  };
  /// Returns a block of W: `rows` rows and `columns` columns from (row, column) on.
  [[nodiscard]] Matrix<double> block(const Linear& map, std::size_t row, std::size_t rows, std::size_t column,
                                     std::size_t columns) const;
  [[nodiscard]] Matrix<double> matrix(const Linear& map) const { return block(map, 0, map.out, 0, map.in); }
  [[nodiscard]] Vector<double> bias(const Linear& map, std::size_t first, std::size_t count) const;
  [[nodiscard]] Vector<double> bias(const Linear& map) const { return bias(map, 0, map.out); }
  /// Reads the rows first .. first + count - 1 of the map.
  [[nodiscard]] Affine rows(const Linear& map, std::size_t first, std::size_t count) const;

  struct Projections;
  [[nodiscard]] Projections projections(const std::string& prefix) const;
  /// Reads the part of the layer whose tensors' names begin so.
  [[nodiscard]] TrainedAttention attention(const std::string& prefix) const;
  [[nodiscard]] TrainedFeedForward feed_forward(const std::string& prefix) const;

  ModelConfig config_;
  TensorFile file_;
  std::string prefix_;  ///< of all names
};

}  // namespace promptbound

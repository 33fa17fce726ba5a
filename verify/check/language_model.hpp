/// A checker's own reading of a causal language model and of a soft prompt: config.json, safetensors files
/// and their index, adapter_config.json. Shares the reading of JSON and of whole files, the hash and number
/// types with the producers, and none of their code for models.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <promptbound/models/exact_json.hpp>

namespace promptbound::checker {

/// Files by name, and the SHA-256 that a certificate names for each.
using NamedFiles = std::map<std::string, std::string>;

/// Reads "FILE": "SHA-256"; rejects what is no plain name or no digest.
[[nodiscard]] NamedFiles named_files(const Json& value, const char* what);

/// Numbers of a tensor in C order, exactly.
struct Table {
  std::size_t rows = 0, columns = 1;
  std::vector<double> values;

  [[nodiscard]] double at(std::size_t row, std::size_t column) const {
    return values[row * columns + column];
  }
};

/// The files of a folder that a certificate names, each compared with its hash.
class Folder {
 public:
  /// Reads the files. Rejects where one has another hash than the certificate names.
  Folder(const std::string& path, const NamedFiles& files);

  [[nodiscard]] bool has(const std::string& tensor) const { return places_.contains(tensor); }
  /// Names of all tensors.
  [[nodiscard]] std::vector<std::string> names() const;
  /// Returns its numbers. Rejects where it is not there, or of another shape; a vector has one column.
  [[nodiscard]] Table table(const std::string& tensor, std::size_t rows, std::size_t columns) const;
  [[nodiscard]] const Json& json() const { return json_; }
  [[nodiscard]] bool holds_same(const std::string& a, const std::string& b) const;

 private:
  struct Place {
    std::size_t file;
    std::string type;
    std::vector<std::size_t> shape;
    std::size_t begin, end;
  };
  void add_safetensors(std::string content);

  Json json_;  ///< the configuration
  std::vector<std::string> contents_;
  std::map<std::string, Place> places_;
};

/// What config.json says, of the layouts that this checker evaluates: gpt2, and llama with its relatives.
struct Architecture {
  bool is_gpt2 = true;
  std::size_t width = 0, layers = 0, heads = 0, key_heads = 0, head_width = 0, hidden = 0, vocabulary = 0,
              positions = 0;
  std::string activation;
  Rational epsilon;
  bool scaled = true, is_tied = true;
  bool query_bias = false, output_bias = false, ffn_bias = false;
  // Rotary positions.
  Rational base = 10000, factor = 1;
  std::optional<Rational> low, high, original;  ///< of llama3
  std::string embeddings;                       ///< the name of their tensor
  std::string prefix;                           ///< of all names but the output layer's
};

/// Reads the configuration. Rejects a member that is not known to this checker and not among those of which
/// the certificate says that they are assumed to change nothing.
[[nodiscard]] Architecture architecture_of(const Folder& folder, const std::vector<std::string>& assumed);

/// Returns the tokens of a prompt: m rows of the width.
[[nodiscard]] Table prompt_of(const Folder& folder, std::size_t width);

}  // namespace promptbound::checker

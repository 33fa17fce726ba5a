/// The architecture of a language model, from its config.json.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <promptbound/transformer/trained_layer.hpp>

namespace promptbound {

class ConfigReader;

/// Layouts: what a layer is, and what its tensors are called.
enum class Family {
  gpt2,        ///< norms before the blocks, learned positions, causal
  llama,       ///< RMS norms before the blocks, rotary positions, grouped keys, gated feed-forward
  bert,        ///< norms after the blocks, learned positions, bidirectional
  distilbert,  ///< as bert, without token types
  opt,         ///< as gpt2, positions behind two rows that are not used
  gpt_neox,    ///< both blocks see the same tokens, rotary positions on a part of each head, causal
  phi,         ///< as gpt_neox, with one norm for both blocks
  t5           ///< the encoder: RMS norms before the blocks, biases of scores by distance, bidirectional
};

[[nodiscard]] std::string_view name(Family family);

struct ModelConfig {
  Family family = Family::gpt2;
  std::string type;       ///< model_type of config.json
  std::size_t width = 0;  ///< d
  std::size_t layers = 0;
  std::size_t heads = 0;
  std::size_t key_heads = 0;  ///< heads / key_heads queries share one head of keys and values
  std::size_t head_width = 0;
  std::size_t hidden = 0;  ///< width of the feed-forward hidden layer
  std::size_t vocabulary = 0;
  std::size_t positions = 0;        ///< longest sequence
  std::size_t position_offset = 0;  ///< rows of the table of positions before that of the first one
  /// Tokens that a token sees, itself among them; longer sequences are not modelled.
  std::optional<std::size_t> window;
  std::size_t token_types = 0;  ///< BERT-like models only
  Activation activation = Activation::gelu_tanh;
  bool gated = false;  ///< the feed-forward block has a gate
  NormPlace norm_place = NormPlace::before;
  NormKind norm_kind = NormKind::layer;
  Rational norm_epsilon;                  ///< added to the variance (or mean square) under the root
  bool gain_from_one = false;             ///< files hold a norm's gain less 1
  bool head_norms = false;                ///< norms of each head's queries and keys
  bool causal = true;                     ///< a token sees those up to its own position, or all of them
  std::optional<RotaryPositions> rotary;  ///< absent where positions are learned
  Rational rotary_part = 1;               ///< of the entries of a head that turn
  /// Biases of scores by distance: how many, and from which distance on all have the last one; 0: none.
  std::size_t relative_buckets = 0, relative_distance = 0;
  bool scaled = true;              ///< scores are divided by sqrt(head_width)
  bool scaled_embeddings = false;  ///< tokens are multiplied by sqrt(d), prompts too
  /// Biases of queries, keys and values, of the output projection, and of the feed-forward maps.
  bool query_bias = true, output_bias = true, ffn_bias = true;
  /// Members of config.json of which the user says that they change nothing: results are conditional on it.
  std::vector<std::string> assumed_inert;

  [[nodiscard]] bool is_causal() const { return causal; }
  [[nodiscard]] bool norms_come_first() const { return norm_place != NormPlace::after; }
};

/// Returns the configuration of a model of this type, but for the vocabulary's size. Throws InputError naming
/// the member that is missing, out of range or asks for what is not modelled, and the types that are known
/// where this one is not.
[[nodiscard]] ModelConfig read_family(const ConfigReader& config, const std::string& type);

/// Reads config.json, of the types that read_family knows. Every member is modelled, known to change nothing,
/// or listed in assumed_inert. Throws InputError naming the file and the member that is
/// missing, out of range, unknown, or asks for what is not supported (such as rotary positions of type yarn).
[[nodiscard]] ModelConfig read_model_config(const std::string& path,
                                            const std::vector<std::string>& assumed_inert = {});

/// Tells whether this member of a configuration changes nothing that is modelled, whatever its value: names,
/// sizes of heads that are not modelled, dropout, training and generation.
[[nodiscard]] bool is_inert_member(Family family, const std::string& name);

}  // namespace promptbound

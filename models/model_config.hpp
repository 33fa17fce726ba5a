/// The architecture of a language model, from its config.json.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <promptbound/transformer/activation.hpp>
#include <promptbound/transformer/rotary.hpp>

namespace promptbound {

enum class Family {
  gpt2,   ///< norms before the blocks, learned positions, causal
  llama,  ///< RMS norms before the blocks, rotary positions, grouped keys, gated feed-forward, causal
  bert    ///< norms after the blocks, learned positions, bidirectional
};

[[nodiscard]] std::string_view name(Family family);

struct ModelConfig {
  Family family = Family::gpt2;
  std::string type;       ///< model_type: gpt2, llama, mistral, qwen2 or bert
  std::size_t width = 0;  ///< d
  std::size_t layers = 0;
  std::size_t heads = 0;
  std::size_t key_heads = 0;  ///< heads / key_heads queries share one head of keys and values
  std::size_t head_width = 0;
  std::size_t hidden = 0;  ///< width of the feed-forward hidden layer
  std::size_t vocabulary = 0;
  std::size_t positions = 0;  ///< longest sequence
  /// Tokens that a token sees, itself among them; longer sequences are not modelled.
  std::optional<std::size_t> window;
  std::size_t token_types = 0;  ///< BERT-like models only
  Activation activation = Activation::gelu_tanh;
  Rational norm_epsilon;                  ///< added to the variance (or mean square) under the root
  std::optional<RotaryPositions> rotary;  ///< absent where positions are learned
  bool scaled = true;                     ///< scores are divided by sqrt(head_width)
  /// Biases of queries, keys and values, of the output projection, and of the feed-forward maps.
  bool query_bias = true, output_bias = true, ffn_bias = true;
  /// Members of config.json of which the user says that they change nothing: results are conditional on it.
  std::vector<std::string> assumed_inert;

  [[nodiscard]] bool is_causal() const { return family != Family::bert; }
  [[nodiscard]] bool has_rms_norm() const { return family == Family::llama; }
  [[nodiscard]] bool norms_come_first() const { return family != Family::bert; }
};

/// Reads config.json; `model_type` is gpt2, llama, mistral, qwen2 or bert. Every member is modelled, known to
/// change nothing, or listed in assumed_inert. Throws InputError naming the file and the member that is
/// missing, out of range, unknown, or asks for what is not supported (such as rotary positions of type yarn).
[[nodiscard]] ModelConfig read_model_config(const std::string& path,
                                            const std::vector<std::string>& assumed_inert = {});

/// Tells whether this member of a configuration changes nothing that is modelled, whatever its value: names,
/// sizes of heads that are not modelled, dropout, training and generation.
[[nodiscard]] bool is_inert_member(Family family, const std::string& name);

}  // namespace promptbound

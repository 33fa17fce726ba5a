/// The architecture of a language model, from its config.json.
#pragma once

#include <optional>
#include <string>

#include <promptbound/numeric/types.hpp>

namespace promptbound {

enum class Family {
  gpt2,   ///< norms before the blocks, learned positions, causal
  llama,  ///< RMS norms before the blocks, rotary positions, grouped keys, gated feed-forward, causal
  bert    ///< norms after the blocks, learned positions, bidirectional
};

enum class Activation { relu, gelu, gelu_tanh, silu };

[[nodiscard]] std::string_view name(Family family);
[[nodiscard]] std::string_view name(Activation activation);

struct ModelConfig {
  Family family = Family::gpt2;
  std::size_t width = 0;  ///< d
  std::size_t layers = 0;
  std::size_t heads = 0;
  std::size_t key_heads = 0;  ///< heads / key_heads queries share one head of keys and values
  std::size_t head_width = 0;
  std::size_t hidden = 0;  ///< width of the feed-forward hidden layer
  std::size_t vocabulary = 0;
  std::size_t positions = 0;  ///< longest sequence
  Activation activation = Activation::gelu_tanh;
  Rational norm_epsilon;  ///< added to the variance (or mean square) under the root
  Rational rotary_base;   ///< of rotary positions; 0 where positions are learned
  bool scaled = true;     ///< scores are divided by sqrt(head_width)

  [[nodiscard]] bool is_causal() const { return family != Family::bert; }
  [[nodiscard]] bool has_rms_norm() const { return family == Family::llama; }
  [[nodiscard]] bool norms_come_first() const { return family != Family::bert; }
};

/// Reads config.json; `model_type` is gpt2, llama or bert. Throws InputError naming the file and the member
/// that is missing, out of range, or asks for what is not supported (such as scaled rotary positions).
[[nodiscard]] ModelConfig read_model_config(const std::string& path);

}  // namespace promptbound

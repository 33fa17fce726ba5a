/// The states of prompt tokens that no input can change.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// Bits that prompt states are enclosed with.
inline constexpr long prompt_bits = 128;

/// Returns the prompt's states as they enter each layer, if no key or value of a prompt token depends on the
/// input; nothing otherwise. That is decided from the zeros of the weights: under a causal mask nothing
/// depends on the input, under bidirectional attention whatever a head writes does. Rows that do depend on
/// the input, which no head reads, are 0.
[[nodiscard]] std::optional<std::vector<Matrix<Interval>>> static_prompt(const Transformer<Rational>& model,
                                                                         const Matrix<Rational>& prompt);

}  // namespace promptbound

/// The pass of a sequence through a model in intervals of many bits, entry by entry: for what balls do not
/// decide.
#pragma once

#include <promptbound/models/language_model.hpp>

namespace promptbound {

/// Returns the tokens behind the last norm, at the working precision. Intervals lose some 16 bits a layer.
[[nodiscard]] Matrix<Interval> interval_states(const LanguageModel& model, const InputWeights& input,
                                               const Matrix<double>& tokens);

/// Returns the bits of the first attempt for a model of so many layers.
[[nodiscard]] inline long first_interval_bits(std::size_t layers) {
  return 128 + 16 * static_cast<long>(layers);
}

}  // namespace promptbound

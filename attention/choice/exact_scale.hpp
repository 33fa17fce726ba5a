/// Attention at a scale that is an exact number: kernels take it in binary64, and what its rounding changes
/// is part of the certified error.
#pragma once

#include <promptbound/attention/choice/automatic.hpp>

namespace promptbound {

struct ScaledAnswer {
  AttentionAnswer answer;
  double error_bound = 0;  ///< of every entry, for the exact scale; infinite where nothing is certified
};

/// Returns `arrays` and `request` without their scale and accuracy, which are exact here. Throws InputError
/// for a scale or an accuracy that is not positive, and as check_arrays does.
template <class T>
[[nodiscard]] std::variant<ScaledAnswer, Refusal> attend_at_scale(AttentionArrays<T> arrays,
                                                                  const Rational& scale,
                                                                  AttentionRequest request,
                                                                  const std::optional<Rational>& accuracy);

}  // namespace promptbound

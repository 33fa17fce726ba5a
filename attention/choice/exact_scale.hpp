/// Attention at a scale that is an exact number: kernels take it in binary64, and what its rounding changes
/// is part of the certified error.
#pragma once

#include <promptbound/attention/choice/automatic.hpp>

namespace promptbound {

/// Returns attend's outcome for `arrays` and `request` without their scale and accuracy, which are exact
/// here: the bound on errors is for the exact scale. Throws InputError for a scale or an accuracy that is not
/// positive, and as check_arrays does.
template <class T>
[[nodiscard]] std::variant<AttentionAnswer, Refusal> attend_at_scale(AttentionArrays<T> arrays,
                                                                     const Rational& scale,
                                                                     AttentionRequest request,
                                                                     const std::optional<Rational>& accuracy);

}  // namespace promptbound

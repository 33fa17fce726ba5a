/// Attention to a wanted accuracy by the method that is expected to be the fastest, certified either way.
#pragma once

#include <promptbound/attention/choice/attention_answer.hpp>

namespace promptbound {

/// Reads what --method and --rounding are given, `auto` for no rounding analysis in particular. Throw
/// InputError for any other word.
[[nodiscard]] Method parse_method(const std::string& text);
[[nodiscard]] std::optional<Rounding> parse_rounding(const std::string& text);

struct AttentionRequest {
  Method method = Method::automatic;
  /// Every output is to be within accuracy * (largest |value| of its head); nothing: as the exact method
  /// gives.
  std::optional<double> accuracy;
  /// Analysis of the exact method, the running one in any case where the prior one does not suffice for the
  /// accuracy. Nothing: without an accuracy the running one where it takes at most about a millisecond.
  std::optional<Rounding> rounding;
  int threads = 1;
};

/// Returns the answer, or why the accuracy cannot be certified with the best one that can be. T is float or
/// double. Throws InputError as check_arrays does.
/// @code
/// const std::vector<float> q(32), k(64), v(64);  // 8 and 16 rows of 4
/// AttentionArrays<float> arrays;
/// arrays.n = 8, arrays.m = 16, arrays.d = arrays.d_v = 4;
/// arrays.q = q.data(), arrays.k = k.data(), arrays.v = v.data();
/// AttentionRequest request;
/// request.accuracy = 1e-3;
/// const auto outcome = attend(arrays, request);
/// if (const auto* answer = std::get_if<AttentionAnswer>(&outcome)) std::printf("%g\n", answer->error_bound);
/// @endcode
template <class T>
[[nodiscard]] std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<T>& arrays,
                                                            const AttentionRequest& request);

}  // namespace promptbound

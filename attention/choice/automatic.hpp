/// Attention to a wanted accuracy by the method that is expected to be the fastest, certified either way.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include <promptbound/attention/choice/cost_model.hpp>
#include <promptbound/attention/choice/polynomial_attention.hpp>

namespace promptbound {

enum class Method { automatic, exact, polynomial, cholesky };

/// Names the method: `exact`, ...
[[nodiscard]] std::string name(Method method);

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

/// Expected seconds of a method for these arrays. Nothing where the method cannot reach the accuracy, or was
/// not considered.
struct ExpectedSeconds {
  std::optional<double> exact, polynomial;
  std::optional<double> cholesky;  ///< at the rank that was found
};

struct AttentionAnswer {
  Method method = Method::exact;
  std::string why;                   ///< why this method
  Index degree = 0, rank = 0;        ///< of the approximation; 0 for the exact method
  std::optional<Rounding> rounding;  ///< of the exact method
  ExpectedSeconds expected;          ///< what the choice rests on; empty when the method was given
  std::optional<Calibration> rates;  ///< of this machine, where the choice rests on them
  double seconds = 0;                ///< of the method that was used, without the choice
  /// The result in the precision of the arrays, or in binary64 where binary32 cannot certify the accuracy.
  std::variant<Attended<float>, Attended<double>> result;

  [[nodiscard]] double error_bound() const;  ///< the largest of the result
};

/// The answer, or why the accuracy cannot be certified with the best one that can be. T is float or double.
struct Refusal {
  std::string why;
  /// The accuracy that the exact method certified, relative to the largest |value|; absent where it was not
  /// asked.
  std::optional<double> reachable;
};

/// Throws InputError as check_arrays does.
template <class T>
[[nodiscard]] std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<T>& arrays,
                                                            const AttentionRequest& request);

}  // namespace promptbound

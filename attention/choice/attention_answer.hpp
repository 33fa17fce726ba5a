/// What attention with a certified error answers.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <variant>

#include <promptbound/attention/choice/cost_model.hpp>
#include <promptbound/attention/choice/polynomial_attention.hpp>
#include <promptbound/records/answer.hpp>

namespace promptbound {

enum class Method { automatic, exact, polynomial, cholesky };

/// Names the method: `exact`, ...
[[nodiscard]] std::string name(Method method);

/// Expected seconds of a method for these arrays. Nothing where the method cannot reach the accuracy, or was
/// not considered.
struct ExpectedSeconds {
  std::optional<double> exact, polynomial;
  std::optional<double> cholesky;  ///< at the rank that was found
};

/// Computed, or unknown where no finite bound is known; why says why this method, and `spent` has the seconds
/// of the method that was used, without the choice.
struct AttentionAnswer : Answer {
  Method method = Method::exact;
  Index degree = 0, rank = 0;        ///< of the approximation; 0 for the exact method
  std::optional<Rounding> rounding;  ///< of the exact method
  ExpectedSeconds expected;          ///< what the choice rests on; empty when the method was given
  std::optional<Calibration> rates;  ///< of this machine, where the choice rests on them
  /// The result in the precision of the arrays, or in binary64 where binary32 cannot certify the accuracy.
  std::variant<Attended<float>, Attended<double>> result;
  /// The largest error of the result: every entry is within it. Infinite where nothing is certified.
  double error_bound = std::numeric_limits<double>::infinity();

  [[nodiscard]] bool is_binary64() const { return result.index() == 1; }
  /// Takes the bound, and the verdict and the proof that go with it.
  void certify(double bound);
};

/// Returns the verdict as this question's answer: `certified` or `unknown`.
[[nodiscard]] std::string_view verdict_name(const AttentionAnswer& answer);

/// Refuted: the accuracy cannot be certified, and which can be.
struct Refusal : Answer {
  /// The accuracy that the exact method certified, relative to the largest |value|; absent where it was not
  /// asked.
  std::optional<double> reachable;
};

/// Returns `refused`.
[[nodiscard]] std::string_view verdict_name(const Refusal& refusal);

}  // namespace promptbound

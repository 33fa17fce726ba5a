/// Can a prompt make a one-layer, one-head model produce the wanted outputs? (theory 2.2 to 2.4)
#pragma once

#include <optional>
#include <string>

#include <promptbound/constructions/shared_query.hpp>
#include <promptbound/numeric/interval.hpp>
#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/memorization_data.hpp>

namespace promptbound {

enum class Memorizable { impossible, possible, unknown };

struct MemorizationAnswer {
  Memorizable verdict = Memorizable::unknown;
  std::string why;
  /// Possible: a prompt (tokens as columns), an enclosure of its maximum error at the layer's output, at most
  /// the accuracy, and a length below which no prompt is as accurate.
  std::optional<Matrix<Rational>> prompt;
  Interval error;
  Integer least_length = 0;
  /// Theory 2.3 for examples that share a query: bounds on the least maximum error at the attention output
  /// that any prompt reaches, and a lower bound on it at the layer's output. 0 where nothing is known.
  Rational floor_lower, floor_upper, output_floor;
  /// Theory 2.4: prompts that fit exactly have at least so many tokens.
  Index rank_lower = 0;
  /// Theory 2.2 at accuracy 0 for examples that share a query: the exact set of lengths m >= 1 of exact fits.
  /// Absent where an earlier step decides.
  std::optional<PromptLengths> exact;
  /// For `promptbound check`; empty when the verdict is unknown.
  std::string certificate;
};

/// Decides at the accuracy given (maximum error over examples and coordinates, >= 0; 0 asks for equality).
/// Impossible: at every prompt length. Equality is only claimed where it is algebraic. Where the examples do
/// not share one query, only necessary conditions are known. Throws InputError when shapes do not fit.
[[nodiscard]] MemorizationAnswer memorize(const Transformer<Rational>& model, const MemorizationData& data,
                                          const Rational& accuracy);

}  // namespace promptbound

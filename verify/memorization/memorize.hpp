/// Can a prompt make a one-layer, one-head model produce the wanted outputs? (theory 2.2 to 2.4)
#pragma once

#include <optional>
#include <string>

#include <promptbound/numeric/interval.hpp>
#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>
#include <promptbound/verify/memorization/shared_query.hpp>

namespace promptbound {

enum class Memorizable { impossible, possible, unknown };

/// Returns `impossible`, `possible` or `unknown`.
[[nodiscard]] std::string_view name(Memorizable verdict);

struct FloorBounds {
  Rational lower, upper;
};

/// Bounds on a least error; the upper one is absent where no prompt's error has a finite enclosure.
struct LeastError {
  Rational lower = 0;
  std::optional<Rational> upper;
};

struct MemorizationAnswer {
  Memorizable verdict = Memorizable::unknown;
  std::string why;
  /// Possible: a prompt (tokens as columns), an enclosure of its maximum error at the layer's output, at most
  /// the accuracy, and a length below which no prompt is as accurate (0 excludes none).
  std::optional<Matrix<Rational>> prompt;
  std::optional<Interval> error;
  Integer least_length = 0;
  /// Theory 2.3: an enclosure of e*, the largest one over the queries that examples share. Every prompt
  /// leaves at least e* at the attention output, but perhaps none comes close to it: image of V, rho and
  /// lengths may ask for more. Absent where no two examples share a query, and where the feed-forward block
  /// is not shown to be injective.
  std::optional<FloorBounds> floor;
  /// What e* forces at the layer's output: every prompt leaves at least this.
  Rational output_floor = 0;
  /// The infimum, over all prompts of any length and the empty one, of the maximum error at the layer's
  /// output.
  LeastError least_error;
  /// Theory 2.4: prompts that fit exactly have at least so many tokens.
  Index rank_lower = 0;
  /// Theory 2.2 at accuracy 0 for examples that share a query: the exact set of lengths m >= 1 of exact fits.
  /// Absent where an earlier step decides.
  std::optional<PromptLengths> exact;
  /// The certificate for `promptbound check`; empty when the verdict is unknown, and where it rests on exact
  /// algebra that no enclosure confirms.
  std::string certificate;
};

/// Decides at the accuracy given (maximum error over examples and coordinates, >= 0; 0 asks for equality).
/// Impossible: at every prompt length. Equality is only claimed where it is algebraic. Where the examples do
/// not share one query, only necessary conditions are known. Throws InputError when shapes do not fit.
[[nodiscard]] MemorizationAnswer memorize(const Transformer<Rational>& model, const MemorizationData& data,
                                          const Rational& accuracy);

}  // namespace promptbound

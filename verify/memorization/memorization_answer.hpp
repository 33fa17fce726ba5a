/// What is found out about the prompts of a memorization problem (theory 2.2 to 2.4, 2.3H).
#pragma once

#include <optional>
#include <string>

#include <promptbound/numeric/interval.hpp>
#include <promptbound/records/answer.hpp>
#include <promptbound/verify/memorization/gradient_descent.hpp>
#include <promptbound/verify/memorization/shared_query.hpp>

namespace promptbound {

/// What a verdict rests on.
enum class MemorizeEvidence {
  none,        ///< unknown
  prompt,      ///< a prompt whose error is enclosed
  image,       ///< a target off the image of V
  rows,        ///< rows of the floor
  tree,        ///< a tree of boxes of the floor of several heads
  below_one,   ///< rho < 1 at every feasible S_P
  no_integer,  ///< A x0 = 0 and no feasible S_P is an integer
  algebra      ///< exact algebra that no enclosure confirms
};

struct FloorBounds {
  Rational lower, upper;
};

/// Bounds on a least error; the upper one is absent where no prompt's error has a finite enclosure.
struct LeastError {
  Rational lower = 0;
  std::optional<Rational> upper;
};

/// Proved where a prompt can do it, refuted where none can, or unknown.
struct MemorizationAnswer : Answer {
  MemorizeEvidence evidence = MemorizeEvidence::none;
  /// Proved: a prompt (tokens as columns), an enclosure of its maximum error at the layer's output, at most
  /// the accuracy, and a length below which no prompt is as accurate (0 excludes none).
  std::optional<Matrix<Rational>> prompt;
  std::optional<Interval> error;
  Integer least_length = 0;
  /// Theory 2.3, and 2.3H for several heads: an enclosure of e*, the largest one over the queries that enough
  /// examples share (two; more than there are heads). Every prompt leaves at least e* at the attention
  /// output, but perhaps none comes close to it: image of V, rho and lengths may ask for more. Absent where
  /// no query is shared so, and where the feed-forward block is not shown to be injective.
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
  /// What gradient descent found, where it was asked for.
  std::optional<FoundPrompt> found;

  /// Returns the least length of all prompts of this accuracy, where the prompt has it.
  [[nodiscard]] std::optional<Integer> least_prompt_length() const;
  /// Returns the least length of an exact fit, all longer ones fitting too, where theory 2.2 decided it.
  [[nodiscard]] std::optional<Integer> exact_lengths_from() const;
};

/// Returns the verdict as this question's answer: `possible`, `impossible` or `unknown`.
[[nodiscard]] std::string_view verdict_name(const MemorizationAnswer& answer);

/// Adds the best prompt that gradient descent finds, another upper bound on the least error; nothing where
/// the model is not one layer with heads.
void add_found_prompt(const Transformer<Rational>& model, const MemorizationData& data,
                      const DescentOptions& options, MemorizationAnswer& answer);

}  // namespace promptbound

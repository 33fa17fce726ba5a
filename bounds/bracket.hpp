/// The bracket of theory 1.4 and 1.6: necessary <= least prompt length <= sufficient, in the supremum norm.
///
/// Both ends speak of the same models, those whose prompt entries take one of 2^b values, at the same token
/// width; its lower end is the better of 1.2's two, its upper end the one of 1.4 and 1.6 that takes fewer
/// numbers to train. What is known of other models stands beside the bracket, with the models named.
#pragma once

#include <optional>

#include <promptbound/bounds/bound.hpp>

namespace promptbound {

/// A bound on the prompt length, and the models that it is about.
struct PromptLength {
  Record record;
  Quantity tokens;     ///< a whole number, a magnitude, or the text that no length suffices
  Integer width;       ///< entries of one token
  std::string models;  ///< in words
};

/// Both ends in bits, whatever the token width.
struct BracketInBits {
  Quantity necessary;   ///< of a prompt, by the count of functions
  Quantity sufficient;  ///< tokens times width times b
  /// The factor between them in the limit P -> inf, then eps -> 0 (theory 1.6); for packed prompts.
  std::optional<Quantity> limit_factor;
};

struct Bracket {
  std::string models;  ///< those of both ends
  /// The lower end at the token width asked for (w, by default d), or the bound that does not apply.
  std::optional<PromptLength> necessary;
  std::optional<Record> no_necessary;
  /// The upper end, or the bound that does not apply.
  std::optional<PromptLength> sufficient;
  std::optional<Record> no_sufficient;
  /// The lower end for tokens as wide as those of the upper end (wider where w asks for it: entries that the
  /// construction leaves 0 cost nothing). None where one of the ends is missing.
  std::optional<PromptLength> necessary_at_equal_width;
  /// Bounds for other models.
  std::vector<PromptLength> beside;
};

/// Returns the bracket at these arguments, with what `records`, evaluated at them, say of other models.
/// @code
/// Arguments arguments;  // d, L, eps and more, as for evaluate (catalogue.hpp)
/// const Bracket both = bracket(arguments, {}, 40);
/// if (both.necessary) std::puts(both.necessary->tokens.exact().c_str());  // and sufficient likewise
/// @endcode
[[nodiscard]] Bracket bracket(const Arguments& arguments, const std::vector<Record>& records, long digits);

/// Returns both ends in bits; nothing where one is missing.
[[nodiscard]] std::optional<BracketInBits> in_bits(const Bracket& bracket, const Arguments& arguments,
                                                   long digits);

}  // namespace promptbound

/// Brackets: necessary <= least prompt length <= sufficient. That of theory 1.4 and 1.6 is about prompts that
/// let one transformer serve every function of F(C, alpha), in the supremum norm; that of 2.7 and 2.8 about
/// prompts that reach every labelling of N inputs.
///
/// Both ends speak of the same models, those whose prompt entries take one of 2^b values, at the same token
/// width. For functions the lower end is the better of 1.2's two, the upper end the one of 1.4 and 1.6 that
/// takes fewer numbers to train. What is known of other models stands beside the bracket, with the models
/// named.
#pragma once

#include <optional>

#include <promptbound/bounds/bound.hpp>

namespace promptbound {

/// A bound on the prompt length, and the models that it is about.
struct PromptLength {
  Record record;
  Quantity tokens;                     ///< a whole number, a magnitude, or the text that no length suffices
  Integer width;                       ///< entries of one token
  std::string models;                  ///< in words
  std::string_view output = "tokens";  ///< that of the record which holds the tokens
};

/// Both ends in bits, whatever the token width.
struct BracketInBits {
  Quantity necessary;   ///< of a prompt, by the count of functions
  Quantity sufficient;  ///< tokens times width times b
  /// The factor between them in a limit, and which one; for packed prompts.
  std::optional<Quantity> limit_factor;
  std::string_view limit = "";
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

/// Returns the bracket for functions at these arguments, with what `records`, evaluated at them, say of other
/// models.
/// @code
/// Arguments arguments;  // d, L, eps and more, as for evaluate (catalogue.hpp)
/// const Bracket both = bracket(arguments, {}, 40);
/// if (both.necessary) std::puts(both.necessary->tokens.exact().c_str());  // and sufficient likewise
/// @endcode
[[nodiscard]] Bracket bracket(const Arguments& arguments, const std::vector<Record>& records, long digits);

/// Returns both ends in bits; nothing where one is missing.
[[nodiscard]] std::optional<BracketInBits> in_bits(const Bracket& bracket, const Arguments& arguments,
                                                   long digits);

/// Returns the bracket for memory from `packed`, packed-memory evaluated at these arguments, which have N.
/// Its lower end is at the token width asked for, else at that of the upper end, else at P.
[[nodiscard]] Bracket memory_bracket(const Arguments& arguments, const Record& packed, long digits);

/// Returns both of its ends in bits; nothing where the upper one is missing.
[[nodiscard]] std::optional<BracketInBits> memory_in_bits(const Bracket& bracket, long digits);

}  // namespace promptbound

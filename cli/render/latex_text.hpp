/// Texts in LaTeX, and what they take of a line.
#pragma once

#include <cstddef>
#include <string>

namespace promptbound {

/// Returns about how many average characters a text takes: 1.5e-7 is set as a product with a power of ten,
/// capitals are wide.
[[nodiscard]] std::size_t set_length(const std::string& text);

/// Returns the set_length of the longest piece of a text that is broken at blanks, and with `breaks_names`
/// where latex_breakable breaks it too.
[[nodiscard]] std::size_t longest_piece(const std::string& text, bool breaks_names);

/// Returns the symbols of the field for the heading of a parameter, `$\varepsilon$` for eps; empty for
/// another heading.
[[nodiscard]] std::string latex_symbol(const std::string& heading);

/// Returns the text with the characters that LaTeX takes for its own escaped.
[[nodiscard]] std::string latex_escaped(const std::string& text);

/// Returns an escaped text that may be broken after the points and hyphens of names, and within hashes.
[[nodiscard]] std::string latex_breakable(const std::string& text);

}  // namespace promptbound

/// Where the documentation holds an item of the theory.
#pragma once

#include <string>
#include <string_view>

namespace promptbound {

/// Writes "theory 1.2 (docs/theory/1-prompt-length.md)" for the item "1.2". Several items, "4.3, 5.7", name
/// the page of each; "-" (no item) gives "no theory item".
[[nodiscard]] std::string theory_citation(std::string_view theory);

}  // namespace promptbound

/// The pages of docs/theory whose items have numbers, as they were when the program was built:
/// cli/CMakeLists.txt writes the source of this header.
#pragma once

#include <span>
#include <string_view>

namespace promptbound {

struct TheoryPage {
  std::string_view name;  ///< docs/theory/1-prompt-length.md
  std::string_view markdown;
};

/// Returns the pages in the order of their sections.
[[nodiscard]] std::span<const TheoryPage> theory_pages();

}  // namespace promptbound

#include <promptbound/cli/theory_page.hpp>

namespace promptbound {
namespace {

/// A page for each section, in the order of their numbers.
constexpr std::string_view pages[] = {"0-notation",  "1-prompt-length", "2-memorization",
                                      "3-structure", "4-efficiency",    "5-constructions"};

}  // namespace

std::string theory_citation(std::string_view theory) {
  std::string files;
  for (const std::string_view page : pages) {
    // An item begins the text or follows a blank, and its first digit is the section's.
    const auto starts = [&](std::size_t at) {
      return theory[at] == page.front() && (at == 0 || theory[at - 1] == ' ');
    };
    bool is_cited = false;
    for (std::size_t at = 0; at < theory.size(); ++at) is_cited = is_cited || starts(at);
    if (is_cited) files += (files.empty() ? "" : ", ") + ("docs/theory/" + std::string(page)) + ".md";
  }
  if (files.empty()) return "no theory item";
  return "theory " + std::string(theory) + " (" + files + ")";
}

}  // namespace promptbound

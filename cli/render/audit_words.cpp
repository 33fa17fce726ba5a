// The words of audit.hpp.
#include <fmt/format.h>

#include <algorithm>

#include <promptbound/cli/render/audit.hpp>

namespace promptbound {
namespace {

const TheoremRow* row(const Audit& audit, std::string_view what) {
  const auto found = std::find_if(audit.theorems.begin(), audit.theorems.end(),
                                  [&](const TheoremRow& one) { return one.what == what && one.applies(); });
  return found == audit.theorems.end() ? nullptr : &*found;
}

std::string upper_end(const Quantity& value) {
  const std::string upper = value.upper(4);
  return upper.empty() ? readable(value, 4) : upper;
}

}  // namespace

std::vector<std::string> audit_words(const Audit& audit) {
  std::vector<std::string> words;
  const TheoremRow* stored = row(audit, "capacity of the stored numbers");
  const TheoremRow* length = row(audit, "accessible length");
  const TheoremRow* linear = row(audit, "capacity of a prompt of this length");
  const TheoremRow* lipschitz = row(audit, "Lipschitz constant");
  const TheoremRow* local = row(audit, "Lipschitz constant near this prompt, on these texts");
  if (audit.verdict == Verdict::unknown)
    words.push_back(
        fmt::format("unknown: {} (--most-bits N admits more); enclosures of what the prompt alone "
                    "determines are wide, and hold all the same.",
                    audit.why));
  if (audit.prompt_length == 0) {
    words.emplace_back("No prompt was given: what follows is about the model and any prompt.");
  }
  if (stored != nullptr && length != nullptr) {
    words.push_back(
        fmt::format("The {} tokens of this prompt store {} bits: however it was trained, it cannot choose "
                    "freely among all texts of "
                    "more than {} tokens (2.7).",
                    audit.prompt_length, upper_end(stored->value), upper_end(length->value)));
  }
  if (stored != nullptr && linear != nullptr) {
    const bool is_less = certainly_less_equal(linear->value, stored->value);
    words.push_back(fmt::format(
        "From how far the model's outputs can move with the prompt, it holds at most {} bits (2.5): {}.",
        upper_end(linear->value),
        is_less ? "less than it stores" : "no more is said by this than by what it stores"));
  }
  if (lipschitz != nullptr) {
    words.push_back(fmt::format(
        "A change of the prompt by r moves the outputs by at most {} r, for any input and prompt (3.1).",
        upper_end(lipschitz->value)));
  }
  if (local != nullptr) {
    words.push_back(
        fmt::format("Near this prompt, on the texts given, a change of the prompt by r moves the outputs by "
                    "at most {} r (3.4).",
                    upper_end(local->value)));
  }
  return words;
}

}  // namespace promptbound

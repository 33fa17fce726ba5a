#include <fmt/format.h>

#include <promptbound/cli/gap.hpp>
#include <promptbound/cli/record_view.hpp>
#include <promptbound/numeric/decimal.hpp>

namespace promptbound {
namespace {

std::string count(const Integer& tokens) { return readable(Quantity(tokens), 6); }

/// larger/smaller to three digits, rounded up: the gap is at most this.
std::string factor(const Integer& larger, const Integer& smaller) {
  return decimal(Rational(larger, smaller), 3, Direction::up);
}

std::string describe_entries(const Record& record) {
  const std::string width = input_text(record, "w");
  if (record.id == "entropy-bits") {
    return fmt::format("any model, prompt tokens of {} entries of {} bits", width, input_text(record, "b"));
  }
  return fmt::format(
      "any model that is {}-Lipschitz in the prompt, tokens of {} real entries within radius {}",
      input_text(record, "Lambda"), width, input_text(record, "R"));
}

}  // namespace

std::vector<std::string> describe_gap(const Bracket& bracket,
                                      const std::optional<BracketEnd>& necessary_at_equal_width,
                                      const std::vector<Record>& records) {
  std::vector<std::string> lines;
  const auto& [necessary, sufficient] = bracket;
  const bool ordered = necessary && sufficient && necessary->tokens <= sufficient->tokens;
  if (ordered) {
    lines.push_back(
        fmt::format("{} <= m <= {}   prompt tokens that serve every f in F(C, alpha), supremum error <= eps",
                    count(necessary->tokens), count(sufficient->tokens)));
    lines.emplace_back("");
  }
  if (necessary) {
    lines.push_back(fmt::format("  necessary   m >= {}: {} [{}, theory {}]", count(necessary->tokens),
                                describe_entries(necessary->record), necessary->record.id,
                                necessary->record.theory));
  } else {
    lines.emplace_back("  necessary: no lower bound applies to these parameters (the table says why)");
  }
  if (sufficient) {
    lines.push_back(fmt::format(
        "  sufficient  m = {}: one fixed transformer, prompt tokens of {} entries of {} bits [{}, theory {}]",
        count(sufficient->tokens), sufficient->record.output("width").exact(),
        input_text(sufficient->record, "b"), sufficient->record.id, sufficient->record.theory));
  } else {
    lines.emplace_back(
        "  sufficient: no upper bound applies to these parameters, or it is too large to write out");
  }
  if (sufficient && necessary_at_equal_width) {
    lines.push_back(
        fmt::format("  The gap: at equal token width {} the least prompt length lies in {} .. {}, known up "
                    "to a factor of {}.",
                    sufficient->record.output("width").exact(), count(necessary_at_equal_width->tokens),
                    count(sufficient->tokens), factor(sufficient->tokens, necessary_at_equal_width->tokens)));
  }
  for (const Record& record : records) {
    if (record.id != "quantized-capacity" || !record.applicable || !sufficient) continue;
    const auto* published = std::get_if<Integer>(&record.output("least_integer").value());
    if (published == nullptr) continue;
    lines.push_back(fmt::format("  The published capacity formula asks for {}: {} times what suffices.",
                                count(*published), factor(*published, sufficient->tokens)));
  }
  return lines;
}

}  // namespace promptbound

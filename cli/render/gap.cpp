#include <fmt/format.h>

#include <promptbound/cli/render/gap.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// 10^x with two decimals of x, rounded in the direction given.
std::string power_of_ten(const Interval& log10, Direction direction) {
  const auto round = [&](long digits) {
    return direction == Direction::down ? lower_decimal(log10, digits) : upper_decimal(log10, digits);
  };
  const std::size_t digits_before_point = round(1).size();
  constexpr std::size_t longest = 15;  // of an exponent that is written out
  return "10^" + round(static_cast<long>(std::min(digits_before_point, longest)) + 2);
}

std::string bounded(const Quantity& tokens, Direction direction) {
  constexpr std::size_t longest_plain_integer = 24;
  if (const auto* text = std::get_if<std::string>(&tokens.value())) return *text;
  if (const auto* integer = std::get_if<Integer>(&tokens.value())) {
    std::string plain = integer->str();
    if (plain.size() <= longest_plain_integer) return plain;
  }
  const WorkingPrecision scope(256);
  return power_of_ten(tokens.log10(), direction);
}

/// larger/smaller, rounded up: the gap is at most this.
std::string factor(const Quantity& larger, const Quantity& smaller) {
  const auto* top = std::get_if<Integer>(&larger.value());
  const auto* bottom = std::get_if<Integer>(&smaller.value());
  if (top != nullptr && bottom != nullptr) {
    const Rational quotient(*top, *bottom);
    if (quotient < 1000000) return decimal(quotient, 3, Direction::up);
  }
  const WorkingPrecision scope(256);
  return power_of_ten(larger.log10() - smaller.log10(), Direction::up);
}

std::string reference(const Record& record) {
  return fmt::format("[{}, theory {}]", record.id, record.theory);
}

/// `8 <= m <= 1296   least number m of prompt tokens (22 entries of 16 bits) that ...`
std::string headline(const Bracket& bracket) {
  const std::string serve = "serve every f in F(C, alpha), supremum error <= eps";
  if (const auto& lower = bracket.necessary_at_equal_width) {
    return fmt::format(
        "{} <= m <= {}   the least number m of prompt tokens, {} entries of {} bits each, that {}",
        at_least(lower->tokens), at_most(bracket.sufficient->tokens), lower->width.str(),
        lower->record.input("b").text(), serve);
  }
  if (const auto& lower = bracket.necessary) {
    return fmt::format("{} <= m   the least number m of prompt tokens, {} entries of {} bits each, that {}",
                       at_least(lower->tokens), lower->width.str(), lower->record.input("b").text(), serve);
  }
  if (const auto& upper = bracket.sufficient) {
    return fmt::format("m <= {}   the least number m of prompt tokens, {} entries of {} bits each, that {}",
                       at_most(upper->tokens), upper->width.str(), upper->record.input("b").text(), serve);
  }
  return "the least number m of prompt tokens that " + serve + ": not bounded here";
}

/// `, in the limit P -> inf, then eps -> 0, of 4.95`
std::string in_the_limit(const BracketInBits& bits) {
  if (!bits.limit_factor) return "";
  const auto* enclosed = std::get_if<Interval>(&bits.limit_factor->value());
  const std::string text = enclosed != nullptr ? upper_decimal(*enclosed, 3)
                                               : power_of_ten(bits.limit_factor->log10(), Direction::up);
  return fmt::format(" (in the limit P -> inf, then eps -> 0: {})", text);
}

std::string beside(const PromptLength& other) {
  const bool is_lower = other.record.kind == Kind::necessary;
  const std::string bound = is_lower ? at_least(other.tokens) : at_most(other.tokens);
  const bool is_text = std::holds_alternative<std::string>(other.tokens.value());
  return fmt::format("  beside      {}{}: {}, token width {} {}",
                     is_text    ? ""
                     : is_lower ? "m >= "
                                : "m <= ",
                     bound, other.models, other.width.str(), reference(other.record));
}

}  // namespace

std::string why_none(const Record& record) {
  return fmt::format("{} (theory {}) {}: {}", record.id, record.theory,
                     record.is_undecided() ? "is not decided" : "does not apply", record.why);
}

std::string at_least(const Quantity& tokens) { return bounded(tokens, Direction::down); }
std::string at_most(const Quantity& tokens) { return bounded(tokens, Direction::up); }

std::vector<std::string> describe_gap(const Overview& point) {
  const Bracket& bracket = point.bracket;
  std::vector<std::string> lines = {headline(bracket), ""};
  const auto& equal_width = bracket.necessary_at_equal_width;
  if (const auto& lower = bracket.necessary) {
    std::string text = fmt::format("  necessary   m >= {}: {}, token width {}", at_least(lower->tokens),
                                   lower->models, lower->width.str());
    if (equal_width && equal_width->width != lower->width) {
      text +=
          fmt::format("; m >= {} at token width {}", at_least(equal_width->tokens), equal_width->width.str());
    }
    lines.push_back(text + " " + reference(lower->record));
    lines.push_back("    " + lower->record.proof_of("tokens").text());
  } else {
    lines.push_back("  necessary: " + why_none(*bracket.no_necessary));
  }
  if (const auto& upper = bracket.sufficient) {
    const std::string payload = upper->record.id == "packed-upper"
                                    ? fmt::format(", {} of them payload", upper->record.input("P").text())
                                    : "";
    lines.push_back(fmt::format(
        "  sufficient  m <= {}: one fixed transformer, prompt tokens of {} entries of {} bits{} {}",
        at_most(upper->tokens), upper->width.str(), upper->record.input("b").text(), payload,
        reference(upper->record)));
    lines.push_back("    " + upper->record.proof_of("tokens").text());
  } else {
    lines.push_back("  sufficient: " + why_none(*bracket.no_sufficient));
  }
  if (equal_width) {
    lines.push_back(
        fmt::format("  The gap: at token width {} the least prompt length is known up to a factor of {}.",
                    equal_width->width.str(), factor(bracket.sufficient->tokens, equal_width->tokens)));
    const Quantity& tokens = bracket.sufficient->tokens;
    const auto* whole = std::get_if<Integer>(&tokens.value());
    const std::string numbers = whole == nullptr
                                    ? "In bits"
                                    : fmt::format("Numbers to train: at most {}; in bits",
                                                  at_most(Integer(*whole * bracket.sufficient->width)));
    lines.push_back(fmt::format("  {}: {} <= m w b <= {}, up to a factor of {}{}.", numbers,
                                at_least(point.bits->necessary), at_most(point.bits->sufficient),
                                factor(point.bits->sufficient, point.bits->necessary),
                                in_the_limit(*point.bits)));
  }
  for (const PromptLength& other : bracket.beside) lines.push_back(beside(other));
  for (const Record& record : point.records) {
    if (record.id != "quantized-capacity" || !record.is_applicable() || !bracket.sufficient) continue;
    const Quantity& published = record.output("least_integer");
    lines.push_back(fmt::format("  The published capacity formula asks for {}: {} times what suffices.",
                                at_most(published), factor(published, bracket.sufficient->tokens)));
  }
  return lines;
}

}  // namespace promptbound

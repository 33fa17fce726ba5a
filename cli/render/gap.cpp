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

/// `8 <= m <= 1296   the least number m of prompt tokens, 22 entries of 16 bits each, that PURPOSE`
std::string headline(const Bracket& bracket, const std::string& purpose) {
  const auto about = [&](const PromptLength& end) {
    return fmt::format("   the least number m of prompt tokens, {} entries of {} bits each, that {}",
                       end.width.str(), end.record.input("b").text(), purpose);
  };
  if (const auto& lower = bracket.necessary_at_equal_width)
    return at_least(lower->tokens) + " <= m <= " + at_most(bracket.sufficient->tokens) + about(*lower);
  if (const auto& lower = bracket.necessary) return at_least(lower->tokens) + " <= m" + about(*lower);
  if (const auto& upper = bracket.sufficient) return "m <= " + at_most(upper->tokens) + about(*upper);
  return "the least number m of prompt tokens that " + purpose + ": not bounded here";
}

/// ` (in the limit P -> inf, then eps -> 0: 4.95)`
std::string in_the_limit(const BracketInBits& bits) {
  if (!bits.limit_factor) return "";
  const bool is_power = std::holds_alternative<Magnitude>(bits.limit_factor->value());
  const std::string text =
      is_power ? power_of_ten(bits.limit_factor->log10(), Direction::up) : bits.limit_factor->upper(3);
  return fmt::format(" (in the limit {}: {})", bits.limit, text);
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

void describe_necessary(const Bracket& bracket, std::vector<std::string>& lines) {
  const auto& lower = bracket.necessary;
  if (!lower) return lines.push_back("  necessary: " + why_none(*bracket.no_necessary));
  std::string text = fmt::format("  necessary   m >= {}: {}, token width {}", at_least(lower->tokens),
                                 lower->models, lower->width.str());
  const auto& equal_width = bracket.necessary_at_equal_width;
  if (equal_width && equal_width->width != lower->width) {
    text +=
        fmt::format("; m >= {} at token width {}", at_least(equal_width->tokens), equal_width->width.str());
  }
  lines.push_back(text + " " + reference(lower->record));
  lines.push_back("    " + lower->record.proof_of(lower->output).text());
}

void describe_sufficient(const Bracket& bracket, std::vector<std::string>& lines) {
  const auto& upper = bracket.sufficient;
  if (!upper) return lines.push_back("  sufficient: " + why_none(*bracket.no_sufficient));
  const bool is_packed = upper->record.id.starts_with("packed");
  const std::string payload =
      is_packed ? fmt::format(", {} of them payload", upper->record.input("P").text()) : "";
  lines.push_back(
      fmt::format("  sufficient  m <= {}: one fixed transformer, prompt tokens of {} entries of {} bits{} {}",
                  at_most(upper->tokens), upper->width.str(), upper->record.input("b").text(), payload,
                  reference(upper->record)));
  lines.push_back("    " + upper->record.proof_of(upper->output).text());
}

/// The factor between the ends, in tokens, numbers to train and bits; of a bracket that has both.
void describe_factor(const Bracket& bracket, const BracketInBits& bits, std::vector<std::string>& lines) {
  const PromptLength& lower = *bracket.necessary_at_equal_width;
  const Quantity& tokens = bracket.sufficient->tokens;
  lines.push_back(
      fmt::format("  The gap: at token width {} the least prompt length is known up to a factor of {}.",
                  lower.width.str(), factor(tokens, lower.tokens)));
  const auto* whole = std::get_if<Integer>(&tokens.value());
  const std::string numbers = whole == nullptr
                                  ? "In bits"
                                  : fmt::format("Numbers to train: at most {}; in bits",
                                                at_most(Integer(*whole * bracket.sufficient->width)));
  lines.push_back(fmt::format("  {}: {} <= m w b <= {}, up to a factor of {}{}.", numbers,
                              at_least(bits.necessary), at_most(bits.sufficient),
                              factor(bits.sufficient, bits.necessary), in_the_limit(bits)));
}

/// The bracket first, then its ends and the factor between them.
void describe(const Bracket& bracket, const std::optional<BracketInBits>& bits, const std::string& purpose,
              std::vector<std::string>& lines) {
  lines.push_back(headline(bracket, purpose));
  lines.emplace_back();
  describe_necessary(bracket, lines);
  describe_sufficient(bracket, lines);
  if (bits) describe_factor(bracket, *bits, lines);
}

void compare_with_published(const Overview& point, std::vector<std::string>& lines) {
  if (!point.bracket->sufficient) return;
  for (const Record& record : point.records) {
    if (record.id != "quantized-capacity" || !record.is_applicable()) continue;
    const Quantity& published = record.output("least_integer");
    lines.push_back(fmt::format("  The published capacity formula asks for {}: {} times what suffices.",
                                at_most(published), factor(published, point.bracket->sufficient->tokens)));
  }
}

}  // namespace

std::string why_none(const Record& record) {
  return fmt::format("{} (theory {}) {}: {}", record.id, record.theory,
                     record.is_undecided() ? "is not decided" : "does not apply", record.why);
}

std::string at_least(const Quantity& tokens) { return bounded(tokens, Direction::down); }
std::string at_most(const Quantity& tokens) { return bounded(tokens, Direction::up); }

std::vector<std::string> describe_gap(const Overview& point) {
  std::vector<std::string> lines;
  if (point.bracket) {
    describe(*point.bracket, point.bits, "serve every f in F(C, alpha), supremum error <= eps", lines);
    for (const PromptLength& other : point.bracket->beside) lines.push_back(beside(other));
    compare_with_published(point, lines);
  }
  if (point.memory) {
    if (!lines.empty()) lines.emplace_back();
    const Record& problem = point.memory->necessary->record;
    describe(*point.memory, point.memory_bits,
             fmt::format("reach all labellings of N = {} inputs by K = {} labels", problem.input("N").text(),
                         problem.input("K").text()),
             lines);
  }
  return lines;
}

}  // namespace promptbound

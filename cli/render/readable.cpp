// Numbers for people, of table.hpp.
#include <fmt/format.h>

#include <promptbound/cli/render/table.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

constexpr std::size_t longest_plain_integer = 24;
constexpr const char* unbounded = "unbounded";

std::string bracket(const std::string& lower, const std::string& upper) {
  if (lower == upper) return lower.empty() ? unbounded : lower;
  return fmt::format("[{}, {}]", lower.empty() ? unbounded : lower, upper.empty() ? unbounded : upper);
}

}  // namespace

std::string readable(const Quantity& quantity, long digits) {
  if (const auto* text = std::get_if<std::string>(&quantity.value())) return *text;
  std::string exact = quantity.exact();
  if (const auto* integer = std::get_if<Integer>(&quantity.value())) {
    if (exact.size() <= longest_plain_integer) return exact;
    const std::string leading = decimal(Rational(*integer), 6, Direction::down);
    const auto mark = leading.find('e');
    return fmt::format("{}...{} ({} digits)", leading.substr(0, mark), leading.substr(mark), exact.size());
  }
  const std::string lower = quantity.lower(digits), upper = quantity.upper(digits);
  if (const auto* magnitude = std::get_if<Magnitude>(&quantity.value())) {
    // Where the number itself cannot be written, or only without its exponent.
    if (lower.find('e') == std::string::npos && upper.find('e') == std::string::npos) {
      const Quantity log10(magnitude->log10);
      return "10^" + bracket(log10.lower(digits), log10.upper(digits));
    }
  }
  if (const auto* tower = std::get_if<PowerTower>(&quantity.value())) {
    const Quantity exponent(tower->log10_log10);
    return fmt::format("10^(10^{})", bracket(exponent.lower(digits), exponent.upper(digits)));
  }
  const std::string ends = bracket(lower, upper);
  const bool has_short_form = !exact.empty() && lower != upper && exact.size() <= longest_plain_integer;
  return has_short_form ? exact + " in " + ends : ends;
}

std::string readable(const Argument& value) {
  constexpr long digits = 10;
  std::string exact = value.text();
  if (exact.size() <= longest_plain_integer || value.is_word()) return exact;
  return readable(Quantity(value.number().value), digits);
}

std::string parameters_text(const std::vector<ShownParameter>& parameters) {
  std::string text;
  for (const ShownParameter& parameter : parameters) {
    std::string remark = parameter.is_default ? "default" : "";
    if (!parameter.note.empty()) remark += (remark.empty() ? "" : ": ") + parameter.note;
    text += fmt::format("{}{} = {}{}", text.empty() ? "" : ", ", parameter.name, readable(parameter.value),
                        remark.empty() ? "" : " (" + remark + ")");
  }
  return text;
}

void TableWriter::parameters(const std::vector<ShownParameter>& parameters) {
  paragraph("  at " + parameters_text(parameters));
}

std::string cell_text(const Cell& cell, long digits) {
  if (const auto* quantity = std::get_if<Quantity>(&cell)) return readable(*quantity, digits);
  if (const auto* absent = std::get_if<Absent>(&cell))
    return (absent->is_undecided ? "undecided: " : "not applicable: ") + absent->reason;
  return std::get<std::string>(cell);
}

}  // namespace promptbound

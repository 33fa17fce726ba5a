#include <fmt/format.h>

#include <promptbound/cli/table.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

constexpr std::size_t longest_plain_integer = 24;

std::string bracket(const std::string& lower, const std::string& upper) {
  return lower == upper ? lower : fmt::format("[{}, {}]", lower, upper);
}

}  // namespace

std::string readable(const Quantity& quantity, long digits) {
  if (const auto* text = std::get_if<std::string>(&quantity.value())) return *text;
  const std::string exact = quantity.exact();
  if (const auto* integer = std::get_if<Integer>(&quantity.value())) {
    if (exact.size() <= longest_plain_integer) return exact;
    const std::string leading = decimal(Rational(*integer), 6, Direction::down);
    const auto mark = leading.find('e');
    return fmt::format("{}...{} ({} digits)", leading.substr(0, mark), leading.substr(mark), exact.size());
  }
  const std::string ends = bracket(quantity.lower(digits), quantity.upper(digits));
  if (!exact.empty() && ends.front() == '[' && exact.size() <= longest_plain_integer) {
    return fmt::format("{} in {}", exact, ends);
  }
  if (const auto* magnitude = std::get_if<Magnitude>(&quantity.value())) {
    if (ends.find('e') == std::string::npos) {
      return fmt::format(
          "10^{}", bracket(lower_decimal(magnitude->log10, digits), upper_decimal(magnitude->log10, digits)));
    }
  }
  return ends;
}

std::string cell_text(const Cell& cell, long digits) {
  if (const auto* quantity = std::get_if<Quantity>(&cell)) return readable(*quantity, digits);
  if (const auto* absent = std::get_if<Absent>(&cell)) return "not applicable: " + absent->reason;
  return std::get<std::string>(cell);
}

}  // namespace promptbound

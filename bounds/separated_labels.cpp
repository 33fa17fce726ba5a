#include <promptbound/bounds/separated_labels.hpp>

namespace promptbound {

std::optional<Rational> label_gap(const Arguments& arguments, Record& record) {
  Rational gap = arguments.rational(parameters::Delta) - 2 * arguments.rational(parameters::eps);
  if (!record.require(
          gap > 0, "Delta > 2 eps",
          "Delta <= 2 eps: one output may be within eps of two labels, nothing separates prompts")) {
    return std::nullopt;
  }
  return gap;
}

std::optional<Rational> separation_radius(const Arguments& arguments, Record& record) {
  const std::optional<Rational> gap = label_gap(arguments, record);
  if (!gap) return std::nullopt;
  return Rational(*gap / (2 * arguments.rational(parameters::Lambda)));
}

}  // namespace promptbound

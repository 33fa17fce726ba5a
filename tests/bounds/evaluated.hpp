/// Bounds at parameters that are written as a user writes them.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <promptbound/bounds/catalogue.hpp>

namespace promptbound {

using Values = std::initializer_list<std::pair<const Parameter*, std::string>>;

/// Returns the parameters as a bound takes them; those without text are left out.
inline Arguments arguments_of(Values values) {
  Arguments result;
  for (const auto& [parameter, text] : values) {
    if (!text.empty()) result.set(parameter->name, parse_argument(*parameter, text));
  }
  return result;
}

/// Returns the record of the bound to 40 digits.
inline Record forwards(std::string_view id, const Arguments& given) {
  return evaluate(find_bound(id), given, 40);
}
inline Record forwards(std::string_view id, Values values) { return forwards(id, arguments_of(values)); }

/// Returns the record of the bound solved for the parameter of that name, to 40 digits.
inline Record backwards(std::string_view id, std::string_view unknown, const Arguments& given) {
  const Bound& bound = find_bound(id);
  return evaluate(bound, find_inverse(bound, unknown), given, 40);
}
inline Record backwards(std::string_view id, std::string_view unknown, Values values) {
  return backwards(id, unknown, arguments_of(values));
}

/// Returns the output of that name, which is a whole number.
inline Integer integer(const Record& record, std::string_view name) {
  return std::get<Integer>(record.output(name).value());
}

}  // namespace promptbound

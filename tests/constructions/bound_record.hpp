/// A bound's record, to set a construction's measured sizes against.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <promptbound/bounds/catalogue.hpp>

/// The bound evaluated to 30 digits at the arguments given.
inline promptbound::Record bound_record(
    std::string_view id, const std::vector<std::pair<std::string, promptbound::Rational>>& given) {
  promptbound::Arguments arguments;
  for (const auto& [name, value] : given) {
    for (const promptbound::Parameter* parameter : promptbound::all_parameters()) {
      if (parameter->name == name) {
        arguments.set(parameter->name,
                      promptbound::parse_argument(*parameter, promptbound::exact_text(value)));
      }
    }
  }
  return promptbound::evaluate(promptbound::find_bound(id), arguments, 30);
}

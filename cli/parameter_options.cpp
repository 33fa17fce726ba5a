#include <algorithm>

#include <fmt/format.h>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/parameter_options.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

std::string parameter_list(const std::vector<Use>& uses) {
  std::string text;
  for (const Use& use : uses) {
    if (!text.empty()) text += " ";
    const std::string_view name = use.parameter->name;
    if (use.required) {
      text += name;
    } else if (!use.has_default()) {
      text += fmt::format("[{}]", name);
    } else {
      text += fmt::format("[{}={}]", name, use.fallback);
    }
  }
  return text;
}

void ParameterOptions::add_to(Subcommand& subcommand) {
  for (const Parameter* parameter : all_parameters()) {
    const std::string name(parameter->name);
    subcommand
        .add_option_function(
            "--" + name, [this, name](const std::string& text) { set(name, text); },
            std::string(parameter->meaning))
        ->type_name("X")
        ->group(parameters_group);
  }
}

Sweep ParameterOptions::sweep() const {
  std::vector<Values> values;
  for (const Parameter* parameter : all_parameters()) {
    if (const auto text = texts_.find(std::string(parameter->name)); text != texts_.end()) {
      values.emplace_back(*parameter, text->second, most_);
    }
  }
  return Sweep(std::move(values), most_);
}

void ParameterOptions::reject_unused(std::string_view what, const std::vector<Use>& uses) const {
  for (const auto& given : texts_) {
    const std::string& name = given.first;
    if (std::any_of(uses.begin(), uses.end(), [&](const Use& use) { return use.parameter->name == name; }))
      continue;
    std::string accepted;
    for (const Use& use : uses)
      accepted += fmt::format("{}{}", accepted.empty() ? "" : ", ", use.parameter->name);
    throw InputError(fmt::format("--{} is not a parameter of {} (accepted: {})", name, what, accepted));
  }
}

}  // namespace promptbound

#include <fmt/format.h>

#include <algorithm>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/selected_output.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

std::string_view main_output(const Bound& bound) {
  for (const OutputDescription& output : bound.outputs) {
    if (output.name == "tokens") return output.name;
  }
  return bound.outputs.front().name;
}

SelectedOutput parse_selected(const std::string& text) {
  const auto point = text.find('.');
  const Bound& bound = find_bound(text.substr(0, point));
  std::vector<std::string_view> names;
  names.reserve(bound.outputs.size());
  for (const OutputDescription& output : bound.outputs) names.push_back(output.name);
  const std::string output =
      point == std::string::npos ? std::string(main_output(bound)) : text.substr(point + 1);
  if (std::find(names.begin(), names.end(), output) == names.end()) {
    throw InputError(fmt::format("{}: {} has no output '{}': did you mean {}?", text, bound.id, output,
                                 nearest(output, names)));
  }
  return {&bound, output};
}

}  // namespace promptbound

#include <fmt/format.h>

#include <algorithm>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/parameter_view.hpp>

namespace promptbound {
namespace {

/// The use that says most about the parameter: one with a default, else any; null where no bound uses it.
const Use* telling_use(const std::vector<Use>& uses, const Parameter& parameter) {
  const Use* found = nullptr;
  for (const Use& use : uses) {
    if (use.parameter != &parameter) continue;
    if (found == nullptr || (use.has_default() && !found->has_default())) found = &use;
  }
  return found;
}

}  // namespace

ParameterView::ParameterView(const ParameterOptions& options, const std::vector<Use>& uses) {
  const Sweep sweep = options.sweep();
  const std::vector<const Parameter*> varying = sweep.varying();
  const Arguments first = sweep.at(0);
  for (const Parameter* parameter : all_parameters()) {
    const std::string name(parameter->name);
    const Use* use = telling_use(uses, *parameter);
    const bool varies = std::find(varying.begin(), varying.end(), parameter) != varying.end();
    if (const Argument* given = first.find(parameter->name)) {
      entries_.push_back({parameter, varies, false, required(*parameter), varies ? "" : given->text()});
      shown_.push_back({name, varies ? Argument(options.text(name)) : *given, false,
                        use == nullptr ? "used by no bound here" : ""});
    } else if (use != nullptr && use->has_default()) {
      entries_.push_back({parameter, false, true, *use, use->from.empty() ? use->value->text() : ""});
      const std::optional<Argument> value = use->default_at(first);
      if (!value) continue;  // it depends on a parameter that is not given either
      const bool depends_on_varying =
          std::any_of(use->from.begin(), use->from.end(), [&](const Parameter* parameter) {
            return std::find(varying.begin(), varying.end(), parameter) != varying.end();
          });
      shown_.push_back({name, depends_on_varying ? Argument(std::string(use->fallback)) : *value, true,
                        use->from.empty() || depends_on_varying ? "" : std::string(use->fallback)});
    }
  }
}

std::vector<Column> ParameterView::headings(Format format) const {
  std::vector<Column> result;
  for (const Entry& entry : entries_) {
    if (!is_column(entry, format)) continue;
    result.push_back({fmt::format("{}{}", entry.parameter->name, entry.is_default ? " (default)" : "")});
  }
  return result;
}

std::vector<Cell> ParameterView::cells(Format format, const Arguments& arguments) const {
  std::vector<Cell> result;
  result.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    if (!is_column(entry, format)) continue;
    if (!entry.fixed.empty()) {
      result.emplace_back(entry.fixed);
      continue;
    }
    const Use& use = entry.use;
    const Argument* value = arguments.find(entry.parameter->name);
    const std::optional<Argument> fallback = value == nullptr ? use.default_at(arguments) : std::nullopt;
    if (fallback) value = &*fallback;
    if (value == nullptr) {
      result.emplace_back(std::string());
    } else {
      result.emplace_back(is_for_programs(format) ? value->text() : readable(*value));
    }
  }
  return result;
}

}  // namespace promptbound

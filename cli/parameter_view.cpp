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
      entries_.push_back({parameter, false, true, *use, use->other == nullptr ? use->value->text() : ""});
      const Argument* other = use->other != nullptr ? first.find(use->other->name) : &*use->value;
      const bool other_varies =
          use->other != nullptr && std::find(varying.begin(), varying.end(), use->other) != varying.end();
      if (other == nullptr) continue;  // of a parameter that is not given either
      shown_.push_back({name, other_varies ? Argument(std::string(use->fallback)) : *other, true,
                        use->other != nullptr && !other_varies ? std::string(use->fallback) : ""});
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
    const Argument* value = arguments.find(use.other != nullptr ? use.other->name : entry.parameter->name);
    if (value == nullptr && entry.is_default && use.other == nullptr) value = &*use.value;
    if (value == nullptr) {
      result.emplace_back(std::string());
    } else {
      result.emplace_back(is_for_programs(format) ? value->text() : readable(*value));
    }
  }
  return result;
}

}  // namespace promptbound

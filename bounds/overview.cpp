#include <fmt/format.h>

#include <algorithm>

#include <promptbound/bounds/overview.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

std::vector<const Bound*> evaluable(const Arguments& arguments) {
  std::vector<const Bound*> result;
  for (const Bound& bound : catalogue()) {
    const bool any =
        std::any_of(bound.uses.begin(), bound.uses.end(), [](const Use& use) { return use.required; });
    if (any && has_required(bound.uses, arguments)) result.push_back(&bound);
  }
  return result;
}

const Record* packed_memory_among(const std::vector<Record>& records) {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [](const Record& record) { return record.id == "packed-memory"; });
  return found == records.end() ? nullptr : &*found;
}

void require_bracket(const Arguments& arguments) {
  for (const Parameter* needed : {&parameters::d, &parameters::L, &parameters::eps}) {
    if (arguments.has(*needed)) continue;
    if (arguments.has(parameters::N) && !arguments.has(parameters::eps)) return;
    throw InputError(
        fmt::format("bounds needs --{} ({}): {}; or --N alone, for the length that memorizes N examples",
                    needed->name, needed->meaning, needed->accepted()));
  }
}

Overview overview(const Arguments& arguments, long digits) {
  require_bracket(arguments);
  Overview result{arguments, {}, {}, {}, {}, {}};
  for (const Bound* bound : evaluable(arguments))
    result.records.push_back(evaluate(*bound, arguments, digits));
  if (arguments.has(parameters::eps)) {
    result.bracket = bracket(arguments, result.records, digits);
    result.bits = in_bits(*result.bracket, arguments, digits);
  }
  if (const Record* packed = packed_memory_among(result.records)) {
    result.memory = memory_bracket(arguments, *packed, digits);
    result.memory_bits = memory_in_bits(*result.memory, digits);
  }
  return result;
}

}  // namespace promptbound

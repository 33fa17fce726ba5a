#include <algorithm>

#include <promptbound/bounds/overview.hpp>

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

Overview overview(const Arguments& arguments, long digits) {
  Overview result{arguments, {}, {}, {}};
  for (const Bound* bound : evaluable(arguments))
    result.records.push_back(evaluate(*bound, arguments, digits));
  result.bracket = bracket(arguments, result.records, digits);
  result.bits = in_bits(result.bracket, arguments, digits);
  return result;
}

}  // namespace promptbound

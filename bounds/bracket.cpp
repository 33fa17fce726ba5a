#include <stdexcept>

#include <promptbound/bounds/bracket.hpp>
#include <promptbound/bounds/catalogue.hpp>

namespace promptbound {
namespace {

std::optional<BracketEnd> end_of(Record record) {
  if (!record.applicable) return std::nullopt;
  const auto* tokens = std::get_if<Integer>(&record.output("tokens").value());
  if (tokens == nullptr) return std::nullopt;
  Integer count = *tokens;
  return BracketEnd{std::move(record), std::move(count)};
}

/// The larger of the two lower bounds on the prompt length.
std::optional<BracketEnd> best_necessary(const Arguments& arguments, long digits) {
  std::optional<BracketEnd> best;
  for (const std::string_view id : {"entropy-bits", "entropy-lipschitz"}) {
    const Bound& bound = find_bound(id);
    if (!has_required(bound.uses, arguments)) continue;
    std::optional<BracketEnd> end = end_of(evaluate(bound, arguments, digits));
    if (end && (!best || end->tokens > best->tokens)) best = std::move(end);
  }
  return best;
}

Argument whole_number(const Integer& value) { return {Number(Rational(value)), ""}; }

Integer input_of(const Record& record, std::string_view name) {
  for (const Input& input : record.inputs) {
    if (input.name == name) return Integer(input.value);
  }
  throw std::out_of_range("no input of that name");
}

}  // namespace

Bracket bracket(const Arguments& arguments, long digits) {
  Bracket result;
  result.necessary = best_necessary(arguments, digits);

  // The upper bound is for prompt entries of as many bits as the lower bound assumes.
  const Record bits = evaluate(find_bound("entropy-bits"), arguments, digits);
  Arguments same_entries = arguments;
  same_entries.set(parameters::b.name, whole_number(input_of(bits, "b")));
  result.sufficient = end_of(evaluate(find_bound("lookup-upper"), same_entries, digits));
  if (result.sufficient) {
    Arguments same_width = same_entries;
    same_width.set(parameters::w.name,
                   whole_number(std::get<Integer>(result.sufficient->record.output("width").value())));
    result.necessary_same_width = best_necessary(same_width, digits);
  }
  return result;
}

}  // namespace promptbound

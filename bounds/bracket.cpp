#include <stdexcept>

#include <promptbound/bounds/bracket.hpp>
#include <promptbound/bounds/catalogue.hpp>

namespace promptbound {
namespace {

std::optional<BracketEnd> end_of(const Record& record) {
  if (!record.applicable) return std::nullopt;
  const auto* tokens = std::get_if<Integer>(&record.output("tokens").value());
  if (tokens == nullptr) return std::nullopt;
  return BracketEnd{record, *tokens};
}

bool is_lower_end(const Record& record) {
  return record.id == "entropy-bits" || record.id == "entropy-lipschitz";
}

/// The largest of the lower bounds on the prompt length.
std::optional<BracketEnd> best_necessary(const std::vector<Record>& records) {
  std::optional<BracketEnd> best;
  for (const Record& record : records) {
    if (!is_lower_end(record)) continue;
    std::optional<BracketEnd> end = end_of(record);
    if (end && (!best || end->tokens > best->tokens)) best = std::move(end);
  }
  return best;
}

Argument whole_number(const Integer& value) { return {Number(Rational(value)), ""}; }

const std::string& input_of(const Record& record, std::string_view name) {
  for (const Input& input : record.inputs) {
    if (input.name == name) return input.value;
  }
  throw std::out_of_range("no input of that name");
}

}  // namespace

Bracket bracket(const Arguments& arguments, const std::vector<Record>& records, long digits) {
  Bracket result;
  result.necessary = best_necessary(records);
  for (const Record& record : records) {
    if (record.id != "entropy-bits") continue;
    // The upper bound is for prompt entries of as many bits as this lower bound assumes.
    Arguments same_entries = arguments;
    same_entries.set(parameters::b.name, whole_number(Integer(input_of(record, "b"))));
    result.sufficient = end_of(evaluate(find_bound("lookup-upper"), same_entries, digits));
  }
  return result;
}

std::optional<BracketEnd> necessary_at_equal_width(const Arguments& arguments, const BracketEnd& sufficient,
                                                   long digits) {
  Arguments same_width = arguments;
  same_width.set(parameters::w.name,
                 whole_number(std::get<Integer>(sufficient.record.output("width").value())));
  std::vector<Record> records;
  for (const std::string_view id : {"entropy-bits", "entropy-lipschitz"}) {
    const Bound& bound = find_bound(id);
    if (has_required(bound.uses, same_width)) records.push_back(evaluate(bound, same_width, digits));
  }
  return best_necessary(records);
}

}  // namespace promptbound

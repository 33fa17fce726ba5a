#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include <promptbound/bounds/bracket.hpp>
#include <promptbound/bounds/catalogue.hpp>

namespace promptbound {
namespace {

const std::string& input_of(const Record& record, std::string_view name) {
  for (const Input& input : record.inputs) {
    if (input.name == name) return input.value;
  }
  throw std::out_of_range("no input of that name");
}

std::string quantized_models(const Record& record) {
  return fmt::format("any model, prompt entries of {} bits", input_of(record, "b"));
}

std::string lipschitz_models(const Record& record) {
  const bool is_box = input_of(record, "norm") == "max";
  return fmt::format("models that are {}-Lipschitz in the prompt ({}), real prompt entries, {} at most {}",
                     input_of(record, "Lambda"), is_box ? "max norm" : "largest Euclidean norm of a token",
                     is_box ? "each in size" : "tokens of norm", input_of(record, "R"));
}

Argument whole_number(const Integer& value) { return {Number(Rational(value)), ""}; }

/// entropy-bits for tokens of that width; all other arguments as they are.
PromptLength necessary_at_width(const Arguments& arguments, const Integer& width, std::string models,
                                long digits) {
  Arguments other = arguments;
  other.set(parameters::w.name, whole_number(width));
  Record record = evaluate(find_bound("entropy-bits"), other, digits, "tokens");
  Quantity tokens = record.output("tokens");
  return {std::move(record), std::move(tokens), width, std::move(models)};
}

/// The upper bound, for prompt entries of as many bits as the lower bound assumes.
Record lookup_for_entries(const Arguments& arguments, const std::string& bits, long digits) {
  Arguments same_entries = arguments;
  same_entries.set(parameters::b.name, whole_number(Integer(bits)));
  return evaluate(find_bound("lookup-upper"), same_entries, digits);
}

Integer width_of_lookup(const Record& record) { return std::get<Integer>(record.output("width").value()); }

}  // namespace

Bracket bracket(const Arguments& arguments, const std::vector<Record>& records, long digits) {
  Bracket result;
  for (const Record& record : records) {
    if (record.id == "entropy-bits") {
      result.models = quantized_models(record);
      if (record.applicable) {
        result.necessary = {record, record.output("tokens"), Integer(input_of(record, "w")), result.models};
      } else {
        result.no_necessary = record;
      }
      Record lookup = lookup_for_entries(arguments, input_of(record, "b"), digits);
      if (lookup.applicable) {
        const Quantity tokens = lookup.output("tokens");
        const Integer width = width_of_lookup(lookup);
        result.sufficient = {std::move(lookup), tokens, width, result.models};
      } else {
        result.no_sufficient = std::move(lookup);
      }
    } else if (record.id == "entropy-lipschitz" && record.applicable) {
      result.beside.push_back(
          {record, record.output("tokens"), Integer(input_of(record, "w")), lipschitz_models(record)});
    }
  }
  if (result.necessary && result.sufficient) {
    Integer width = result.sufficient->width;
    if (arguments.has(parameters::w)) width = std::max(width, arguments.integer(parameters::w));
    result.necessary_at_equal_width = necessary_at_width(arguments, width, result.models, digits);
  }
  // Where entries of b bits are too coarse for the construction, real ones are not.
  for (const Record& record : records) {
    if (record.id != "lookup-upper" || !record.applicable || result.sufficient) continue;
    result.beside.push_back({record, record.output("tokens"), width_of_lookup(record),
                             "one fixed transformer, real prompt entries"});
  }
  return result;
}

}  // namespace promptbound

#include <fmt/format.h>

#include <algorithm>

#include <promptbound/bounds/bracket.hpp>
#include <promptbound/bounds/catalogue.hpp>

namespace promptbound {
namespace {

std::string quantized_models(const Record& record) {
  return fmt::format("any model, prompt entries of {} bits", record.input("b").text());
}

std::string lipschitz_models(const Record& record) {
  const bool is_box = record.input("norm").word() == "max";
  return fmt::format("models that are {}-Lipschitz in the prompt ({}), real prompt entries, {} at most {}",
                     record.input("Lambda").text(), is_box ? "max norm" : "largest Euclidean norm of a token",
                     is_box ? "each in size" : "tokens of norm", record.input("R").text());
}

/// entropy-bits for tokens of that width; all other arguments as they are.
PromptLength necessary_at_width(const Arguments& arguments, const Integer& width, std::string models,
                                long digits) {
  Arguments other = arguments;
  other.set(parameters::w.name, width);
  Record record = evaluate(find_bound("entropy-bits"), other, digits, "tokens");
  Quantity tokens = record.output("tokens");
  return {std::move(record), std::move(tokens), width, std::move(models)};
}

/// The upper bound, for prompt entries of as many bits as the lower bound assumes: among the records where
/// these bits are given.
Record lookup_for_entries(const Arguments& arguments, const std::vector<Record>& records,
                          const Argument& bits, long digits) {
  for (const Record& record : records) {
    if (record.id == "lookup-upper" && arguments.has(parameters::b)) return record;
  }
  Arguments same_entries = arguments;
  same_entries.set(parameters::b.name, bits);
  return evaluate(find_bound("lookup-upper"), same_entries, digits, "tokens");
}

Integer width_of_lookup(const Record& record) { return std::get<Integer>(record.output("width").value()); }

}  // namespace

Bracket bracket(const Arguments& arguments, const std::vector<Record>& records, long digits) {
  Bracket result;
  for (const Record& record : records) {
    if (record.id == "entropy-bits") {
      result.models = quantized_models(record);
      if (record.is_applicable()) {
        result.necessary = {record, record.output("tokens"), record.input("w").integer(), result.models};
      } else {
        result.no_necessary = record;
      }
      Record lookup = lookup_for_entries(arguments, records, record.input("b"), digits);
      if (lookup.is_applicable()) {
        const Quantity tokens = lookup.output("tokens");
        const Integer width = width_of_lookup(lookup);
        result.sufficient = {std::move(lookup), tokens, width, result.models};
      } else {
        result.no_sufficient = std::move(lookup);
      }
    } else if (record.id == "entropy-lipschitz" && record.is_applicable()) {
      result.beside.push_back(
          {record, record.output("tokens"), record.input("w").integer(), lipschitz_models(record)});
    }
  }
  if (result.necessary && result.sufficient) {
    Integer width = result.sufficient->width;
    if (arguments.has(parameters::w)) width = std::max(width, arguments.integer(parameters::w));
    result.necessary_at_equal_width = necessary_at_width(arguments, width, result.models, digits);
  }
  // Where entries of b bits are too coarse for the construction, real ones are not.
  for (const Record& record : records) {
    if (record.id != "lookup-upper" || !record.is_applicable() || result.sufficient) continue;
    result.beside.push_back({record, record.output("tokens"), width_of_lookup(record),
                             "one fixed transformer, real prompt entries"});
  }
  return result;
}

}  // namespace promptbound

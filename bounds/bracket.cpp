#include <fmt/format.h>

#include <algorithm>

#include <promptbound/bounds/bracket.hpp>
#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/bounds/packed_problem.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

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

bool is_larger(const Quantity& x, const Quantity& y) {
  const WorkingPrecision scope(256);
  return !certainly_less_equal(x, y) && certainly_less_equal(y, x);
}

const Record* find_record(const std::vector<Record>& records, std::string_view id) {
  const auto found =
      std::find_if(records.begin(), records.end(), [&](const Record& record) { return record.id == id; });
  return found == records.end() ? nullptr : &*found;
}

/// The better of the bounds of 1.2 among the records; null where none applies.
const Record* best_necessary(const std::vector<Record>& records) {
  const Record* best = nullptr;
  for (const char* id : {"entropy-bits", "entropy-simplex"}) {
    const Record* record = find_record(records, id);
    if (record == nullptr || !record->is_applicable()) continue;
    if (best == nullptr || is_larger(record->output("tokens"), best->output("tokens"))) best = record;
  }
  return best;
}

/// The bound of that record for tokens of that width and entries of b bits; all other arguments as they are.
Record at_width(const Record& bound, const Arguments& arguments, const Integer& width, const Argument& b,
                long digits) {
  Arguments other = arguments;
  other.set(parameters::w.name, width);
  other.set(parameters::b.name, b);
  return evaluate(find_bound(bound.id), other, digits, "tokens");
}

/// lookup-upper for prompt entries of as many bits as the lower bound assumes: among the records where these
/// bits are given.
Record lookup_for_entries(const Arguments& arguments, const std::vector<Record>& records,
                          const Argument& bits, long digits) {
  if (const Record* record = find_record(records, "lookup-upper");
      record != nullptr && arguments.has(parameters::b))
    return *record;
  Arguments same_entries = arguments;
  same_entries.set(parameters::b.name, bits);
  return evaluate(find_bound("lookup-upper"), same_entries, digits, "tokens");
}

Integer width_of(const Record& record) { return std::get<Integer>(record.output("width").value()); }

/// A bound of packed prompts: where a token width is asked for and no payload, with the payload that fills
/// that width.
Record packed_for_width(const Arguments& arguments, const Record& packed, long digits) {
  if (!packed.is_applicable() || !arguments.has(parameters::w) || arguments.has(parameters::P)) return packed;
  const Integer asked_for = arguments.integer(parameters::w);
  Arguments narrow = arguments;
  Integer payload = packed.input("P").integer() + asked_for - width_of(packed);
  // Fewer cells a token make more tokens, whose numbers may take another entry each.
  constexpr int most_tries = 8;
  for (int i = 0; i < most_tries && payload >= 1; ++i) {
    narrow.set(parameters::P.name, payload);
    Record record = evaluate(find_bound(packed.id), narrow, digits);
    if (!record.is_applicable()) break;
    const Integer width = width_of(record);
    if (width <= asked_for) return record;
    payload -= width - asked_for;
  }
  return packed;
}

/// Do prompts of x take fewer numbers than those of y?
bool takes_fewer_numbers(const Record& x, const Record& y) {
  const WorkingPrecision scope(256);
  const auto numbers = [](const Record& record) {
    return record.output("tokens").log10() + log10(Interval(width_of(record)));
  };
  return certainly_less(numbers(x), numbers(y));
}

/// tokens times the factor.
Quantity times(const Quantity& tokens, const Integer& factor, long digits) {
  if (const auto* whole = std::get_if<Integer>(&tokens.value()))
    return whole_quantity(Integer(*whole * factor), digits);
  return Magnitude{enclose(digits, [&] { return tokens.log10() + log10(Interval(factor)); })};
}

/// The least length that 2.7 leaves for the examples and labels of packed-memory, at that width and these
/// bits.
Record memory_bits_at(const Record& packed, const Integer& width, const Argument& b, long digits) {
  Arguments problem;
  problem.set(parameters::N.name, packed.input("N"));
  problem.set(parameters::K.name, packed.input("K"));
  problem.set(parameters::w.name, width);
  problem.set(parameters::b.name, b);
  const Bound& bits = find_bound("memory-bits");
  return evaluate(bits, find_inverse(bits, "m"), problem, digits);
}

/// The factor that remains for packed prompts in the limit.
Quantity limit_factor(const Record& packed, const Record& necessary, long digits) {
  Arguments inputs;
  for (const Input& input : packed.inputs) inputs.set(input.name, input.value);
  const PackedProblem problem = packed_problem(inputs);
  const auto log10_factor = [&] {
    const Interval choices = necessary.id == "entropy-simplex"
                                 ? log(Interval(Integer(problem.n + 1))) / interval_log2()
                                 : Interval(problem.alpha.infinite ? problem.n : Integer(1));
    return log10_limit_factor(problem, choices);
  };
  const Interval rough = enclose(1, log10_factor);
  constexpr long longest = 15;  // digits that are written out
  if (!certainly_less(rough, Interval(longest))) return Magnitude{enclose(digits, log10_factor)};
  return enclose(digits, [&] { return exp(log10_factor() * log(Interval(10))); });
}

}  // namespace

Bracket bracket(const Arguments& arguments, const std::vector<Record>& records, long digits) {
  Bracket result;
  if (const Record* bits = find_record(records, "entropy-bits")) {
    result.models = quantized_models(*bits);
    const Record* necessary = best_necessary(records);
    if (necessary != nullptr) {
      result.necessary = {*necessary, necessary->output("tokens"), necessary->input("w").integer(),
                          result.models};
    } else {
      result.no_necessary = *bits;
    }
    Record upper = lookup_for_entries(arguments, records, bits->input("b"), digits);
    if (const Record* packed = find_record(records, "packed-upper");
        packed != nullptr && packed->is_applicable()) {
      Record filled = packed_for_width(arguments, *packed, digits);
      if (!upper.is_applicable() || takes_fewer_numbers(filled, upper)) upper = std::move(filled);
    }
    if (upper.is_applicable()) {
      const Quantity tokens = upper.output("tokens");
      const Integer width = width_of(upper);
      result.sufficient = {std::move(upper), tokens, width, result.models};
    } else {
      result.no_sufficient = std::move(upper);
    }
  }
  if (const Record* lipschitz = find_record(records, "entropy-lipschitz");
      lipschitz != nullptr && lipschitz->is_applicable()) {
    result.beside.push_back({*lipschitz, lipschitz->output("tokens"), lipschitz->input("w").integer(),
                             lipschitz_models(*lipschitz)});
  }
  if (result.necessary && result.sufficient) {
    const Record& lower = result.necessary->record;
    Integer width = result.sufficient->width;
    if (arguments.has(parameters::w)) width = std::max(width, arguments.integer(parameters::w));
    Record record = at_width(lower, arguments, width, lower.input("b"), digits);
    const Quantity tokens = record.output("tokens");
    result.necessary_at_equal_width = {std::move(record), tokens, width, result.models};
  }
  // Where entries of b bits are too coarse for the construction, real ones are not.
  if (const Record* lookup = find_record(records, "lookup-upper");
      lookup != nullptr && lookup->is_applicable() && !result.sufficient) {
    result.beside.push_back(
        {*lookup, lookup->output("tokens"), width_of(*lookup), "one fixed transformer, real prompt entries"});
  }
  return result;
}

std::optional<BracketInBits> in_bits(const Bracket& bracket, const Arguments& arguments, long digits) {
  if (!bracket.necessary || !bracket.sufficient) return std::nullopt;
  const Record& lower = bracket.necessary->record;
  const Record& upper = bracket.sufficient->record;
  const Integer bits_of_token = bracket.sufficient->width * lower.input("b").integer();
  BracketInBits result{at_width(lower, arguments, 1, Integer(1), digits).output("tokens"),
                       times(bracket.sufficient->tokens, bits_of_token, digits), std::nullopt};
  if (upper.id == "packed-upper") {
    result.limit_factor = limit_factor(upper, lower, digits);
    result.limit = "P -> inf, then eps -> 0";
  }
  return result;
}

Bracket memory_bracket(const Arguments& arguments, const Record& packed, long digits) {
  Bracket result;
  result.models = quantized_models(packed);
  const auto necessary = [&](const Integer& width) {
    Record record = memory_bits_at(packed, width, packed.input("b"), digits);
    const Quantity tokens = record.output("m");
    return PromptLength{std::move(record), tokens, width, result.models, "m"};
  };
  Record upper = packed_for_width(arguments, packed, digits);
  Integer width = packed.input("P").integer();
  if (upper.is_applicable()) {
    const Quantity tokens = upper.output("tokens");
    width = width_of(upper);
    result.sufficient = {std::move(upper), tokens, width, result.models};
  } else {
    result.no_sufficient = std::move(upper);
  }
  result.necessary = necessary(arguments.has(parameters::w) ? arguments.integer(parameters::w) : width);
  if (result.sufficient)
    result.necessary_at_equal_width = necessary(std::max(width, result.necessary->width));
  return result;
}

std::optional<BracketInBits> memory_in_bits(const Bracket& bracket, long digits) {
  if (!bracket.sufficient) return std::nullopt;
  const Record& packed = bracket.sufficient->record;
  const Integer bits_of_token = bracket.sufficient->width * packed.input("b").integer();
  return BracketInBits{memory_bits_at(packed, 1, Integer(1), digits).output("m"),
                       times(bracket.sufficient->tokens, bits_of_token, digits), Integer(1),
                       "K fixed, b, P and N/(P b) -> inf"};
}

}  // namespace promptbound

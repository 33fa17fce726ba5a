// One bound of catalogue.hpp.
#include <fmt/format.h>

#include <algorithm>

#include <promptbound/bounds/forms.hpp>
#include <promptbound/bounds/packed_problem.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_ratio.hpp>

// Theory 2.8 (own; construction 5.10). One transformer reaches all K^N labellings of N distinct inputs with
//   m = ceil(N/(P J)) tokens, J = max{j : K^j <= 2^b} labels in each of P payload entries of b bits;
// for K > 2^b a label takes e entries, e the least with 2^{b e} >= K, and a token holds floor(P/e) labels.
// Beside its payload a token has what 5.10 needs to find it, w_0 = d + L + 6 + d L [L > 1] + 3
// ceil(log2(m)/b) entries (the last factor at least 1).

namespace promptbound {
namespace {

using namespace parameters;

void add_assumptions(Record& record) {
  record.assume("each prompt entry takes one of 2^b values of its own code book");
  record.assume(
      "the N inputs are distinct, of d coordinates and L tokens; the model depends on them, not on the "
      "labels");
}

/// P J, or floor(P/e) where a label takes e entries; 0 where a token holds no label.
Integer labels_per_token(const Arguments& arguments, Record& record) {
  const Integer bits = arguments.integer(b), labels = arguments.integer(K), payload = arguments.integer(P);
  const Integer per_entry = floor(LogRatio{bits, Rational(2), 1, Rational(labels)});
  Integer result = payload * per_entry;
  Integer entries = 1;
  if (per_entry == 0) {
    entries = std::get<Integer>(ceil_quantity(LogRatio{1, Rational(labels), bits, Rational(2)}, 1).value());
    result = payload / entries;
  }
  if (record.require(result >= 1, "a token holds a label",
                     "the P payload entries of a token hold no label: take a larger P or b")) {
    record.add("labels_per_token", result);
    record.add("labels_per_entry", per_entry);
    record.add("entries_per_label", entries);
  }
  return result;
}

/// P + w_0 at m tokens: the data and the place of an input token, a flag and five registers of the look-up,
/// the gathered input where L > 1, and for each digit of a token's number three entries.
Integer token_width(const Arguments& arguments, const Integer& tokens) {
  const Integer length = arguments.integer(L), bits = arguments.integer(b);
  const Integer gathered = length > 1 ? Integer(arguments.integer(d) * length) : Integer(0);
  const Integer number_bits = tokens > 1 ? bit_size(Integer(tokens - 1)) : 1;
  const Integer number_digits = (number_bits + bits - 1) / bits;
  return arguments.integer(P) + arguments.integer(d) + length + 6 + gathered + 3 * number_digits;
}

void evaluate(const Arguments& arguments, long, Record& record) {
  const Integer labels = labels_per_token(arguments, record);
  if (!record.is_applicable()) return;
  const Integer tokens = (arguments.integer(N) + labels - 1) / labels;
  record.add("tokens", tokens);
  record.add("width", token_width(arguments, tokens));
  add_assumptions(record);
}

void examples_for_length(const Arguments& arguments, long, Record& record) {
  const Integer labels = labels_per_token(arguments, record);
  if (!record.is_applicable()) return;
  record.add("N", Integer(arguments.integer(m) * labels));
  record.add("width", token_width(arguments, arguments.integer(m)));
  add_assumptions(record);
}

/// The tokens, and that as many reach all K^N labellings: for narrow labels J counts the labels of an entry,
/// for wide ones e the entries of a label.
void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  const Integer bits = arguments.integer(b), labels = arguments.integer(K);
  const Integer per_entry = printed_integer(record, "labels_per_entry");
  const bool is_wide = per_entry == 0;
  const Integer size = is_wide ? printed_integer(record, "entries_per_label") : per_entry;
  limit_coq_bits(record, is_wide ? Integer(bits * size) : Integer((size + 1) * bit_size(labels)));
  const std::string_view kind = is_wide ? "packed_memory_wide" : "packed_memory";
  const Integer examples = arguments.integer(N), payload = arguments.integer(P);
  const std::string tokens = printed_integer(record, "tokens").str();
  const std::string numbers = fmt::format("{} {} {} {} {} {}", examples.str(), labels.str(), bits.str(),
                                          payload.str(), size.str(), tokens);
  certificate.require("packed_memory_claim");
  certificate.theorem(
      "tokens",
      is_wide ? "e = least with 2^(b e) >= K entries a label, m = ceil(N/floor(P/e)), and m tokens reach all "
                "K^N labellings"
              : "J = max{j : K^j <= 2^b}, m = ceil(N/(P J)), and m tokens reach all K^N labellings",
      fmt::format("{}_claim {} /\\ packed_memory_sufficient {} {} {} {} {}", kind, numbers, examples.str(),
                  labels.str(), bits.str(), payload.str(), tokens),
      fmt::format("apply ({}_sound {}). {}.", kind, numbers, coq_computed));
}

std::vector<Form> forms() {
  return always({proved_on_paper(
      "2.8",
      "in Coq at function level: every labelling has a prompt of that many tokens that gives "
      "all labels back; that a network reads them is on paper",
      {"algebra.packed_memory.packed_memory", "algebra.packed_memory.packed_memory_wide"})});
}

}  // namespace

Bound packed_memory_bound() {
  const Use payload = defaulted(P, "16 d L", {&d, &L}, payload_by_default);
  return {
      .id = "packed-memory",
      .kind = Kind::sufficient,
      .theory = "2.8",
      .source = "own; construction 5.10",
      .claim =
          "Prompt tokens with which one transformer reaches every labelling of N distinct inputs, exactly.",
      .formula =
          "m = ceil(N/(P J)), J = max{j : K^j <= 2^b}; ceil(N/floor(P/e)), e = ceil(log2(K)/b), if K > 2^b",
      .uses = {required(N), defaulted(d, "1"), defaulted(L, "1"), defaulted(b, "16"), defaulted(K, "2"),
               payload},
      .outputs = {{"tokens", "tokens that suffice"},
                  {"labels_per_token", "labels that a token holds"},
                  {"labels_per_entry", "J, labels that an entry holds; 0 where a label takes several"},
                  {"entries_per_label", "e, entries that a label takes; 1 where it takes at most one"},
                  {"width", "entries of one token, payload and the rest"}},
      .evaluate = evaluate,
      .inverses = {{"N",
                    "distinct inputs all of whose labellings m tokens reach",
                    {required(m), defaulted(d, "1"), defaulted(L, "1"), defaulted(b, "16"), defaulted(K, "2"),
                     payload},
                    examples_for_length,
                    forms()}},
      .forms = forms(),
      .certify = certify,
  };
}

}  // namespace promptbound

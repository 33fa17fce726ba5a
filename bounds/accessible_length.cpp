// One bound of catalogue.hpp.
#include <promptbound/bounds/forms.hpp>
#include <promptbound/coq/memory_bits_proof.hpp>

// Theory 2.7. All v^l output sequences of length l over a vocabulary of v symbols are reachable only if
//   l <= m w b/log2 v.   (KAGDB25's capacity column is this with m = 1, b = 16.)

namespace promptbound {
namespace {

using namespace parameters;

void add_assumptions(Record& record) {
  record.assume("each prompt entry takes one of 2^b values; the model is arbitrary");
  record.assume("every one of the v^l output sequences is reached");
}

LogRatio capacity(const Arguments& arguments) {
  const Integer bits = arguments.integer(m) * arguments.integer(w) * arguments.integer(b);
  return {bits, Rational(2), 1, arguments.rational(v)};
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  record.add("tokens", quantity(capacity(arguments), digits));
  record.add("longest", floor(capacity(arguments)));
  add_assumptions(record);
}

void prompt_length(const Arguments& arguments, long digits, Record& record) {
  const LogRatio tokens{arguments.integer(length), arguments.rational(v),
                        arguments.integer(w) * arguments.integer(b), Rational(2)};
  record.add("m", ceil_quantity(tokens, digits));
  add_assumptions(record);
}

void certify_longest(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  certify_bits_count(arguments.integer(m), arguments.integer(w), arguments.integer(b), arguments.integer(v),
                     printed_integer(record, "longest"), "longest", "the largest l with l log2 v <= m w b",
                     certificate);
}

void certify_length(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  certify_bits_length(arguments.integer(w), arguments.integer(b), arguments.integer(length),
                      arguments.integer(v), printed_integer(record, "m"),
                      "the least m with l log2 v <= m w b", certificate);
}

std::vector<Form> forms() {
  return always({proved_in_coq("2.7", {"algebra.memory_bits.accessible_length"})});
}

}  // namespace

Bound accessible_length_bound() {
  return {
      .id = "accessible-length",
      .kind = Kind::necessary,
      .theory = "2.7",
      .source = "counting; KAGDB25, arXiv 2502.13063 (capacity column)",
      .claim =
          "Longest output length all of whose sequences a prompt of b-bit entries can reach, for any model.",
      .formula = "l <= m w b/log2 v",
      .uses = {required(w), required(v), defaulted(b, "16"), defaulted(m, "1")},
      .outputs = {{"tokens", "the bound before rounding down"},
                  {"longest", "longest length in whole symbols"}},
      .evaluate = evaluate,
      .inverses = {{"m",
                    "least prompt length that reaches every sequence of l symbols",
                    {required(length), required(w), required(v), defaulted(b, "16")},
                    prompt_length,
                    forms(),
                    certify_length}},
      .forms = forms(),
      .certify = certify_longest,
  };
}

}  // namespace promptbound

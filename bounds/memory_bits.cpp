// One bound of catalogue.hpp.
#include <promptbound/bounds/forms.hpp>
#include <promptbound/coq/memory_bits_proof.hpp>

// Theory 2.7. A prompt of m tokens with w entries of b bits is one of 2^{m w b}; all K^N labellings reachable
// need
//   N log2 K <= m w b.

namespace promptbound {
namespace {

using namespace parameters;

void add_assumptions(Record& record) {
  record.assume("each prompt entry takes one of 2^b values; the model is arbitrary");
  record.assume("every one of the K^N labellings is reached");
}

void evaluate(const Arguments& arguments, long, Record& record) {
  const Integer bits = arguments.integer(m) * arguments.integer(w) * arguments.integer(b);
  record.add("bits", bits);
  record.add("max_examples", floor(LogRatio{bits, Rational(2), 1, arguments.rational(K)}));
  add_assumptions(record);
}

void length_for_examples(const Arguments& arguments, long digits, Record& record) {
  const LogRatio tokens{arguments.integer(N), arguments.rational(K),
                        arguments.integer(w) * arguments.integer(b), Rational(2)};
  record.add("m", ceil_quantity(tokens, digits));
  add_assumptions(record);
}

void certify_examples(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  certify_bits_count(arguments.integer(m), arguments.integer(w), arguments.integer(b), arguments.integer(K),
                     printed_integer(record, "max_examples"), "max_examples",
                     "the largest N with N log2 K <= m w b", certificate);
}

void certify_length(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  certify_bits_length(arguments.integer(w), arguments.integer(b), arguments.integer(N), arguments.integer(K),
                      printed_integer(record, "m"), "the least m with N log2 K <= m w b", certificate);
}

std::vector<Form> forms() { return always({proved_in_coq("2.7", {"algebra.memory_bits.memory_bits"})}); }

}  // namespace

Bound memory_bits_bound() {
  return {
      .id = "memory-bits",
      .kind = Kind::necessary,
      .theory = "2.7",
      .source = "counting; compare KAGDB25, arXiv 2502.13063",
      .claim = "Examples that a prompt of b-bit entries can memorize at most, for any model.",
      .formula = "N log2 K <= m w b",
      .uses = {required(m), required(w), defaulted(b, "16"), defaulted(K, "2")},
      .outputs = {{"bits", "capacity of the prompt"}, {"max_examples", "largest N"}},
      .evaluate = evaluate,
      .inverses = {{"m",
                    "least prompt length that N examples need",
                    {required(N), required(w), defaulted(b, "16"), defaulted(K, "2")},
                    length_for_examples,
                    forms(),
                    certify_length}},
      .forms = forms(),
      .certify = certify_examples,
  };
}

}  // namespace promptbound

// One bound of catalogue.hpp.
#include <fmt/format.h>

#include <promptbound/bounds/forms.hpp>
#include <promptbound/bounds/packing.hpp>
#include <promptbound/numeric/integers.hpp>

// Theory 1.2 (own; Kolmogorov-Tikhomirov packing by McShane extensions). k is the largest integer with
// k < C/(2 eps), s = n for alpha = inf and s = 1 otherwise: 2^{s (k+1)^n} functions in F(C, alpha) are
// pairwise more than 2 eps apart, and there are 2^{b w m} prompts, so
//   m >= ceil(s (k+1)^n/(b w)).

namespace promptbound {
namespace {

void add_assumptions(Record& record) {
  record.holds("the error is the supremum over X of the entrywise alpha-norm");
  record.assume("each prompt entry takes one of 2^b values; the model is arbitrary");
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Packing functions = packing(arguments, arguments.rational(parameters::eps));
  if (!is_packing_applicable(functions, record)) return;
  record.add("k", whole_quantity(functions.finest, digits));
  const Integer bits_of_token = arguments.integer(parameters::b) * arguments.integer(parameters::w);
  const Quantity bits = power_quantity(Integer(functions.finest + 1), functions.n, functions.s, digits);
  if (const auto* whole = std::get_if<Integer>(&bits.value())) {
    record.add("tokens", Integer((*whole + bits_of_token - 1) / bits_of_token));
  } else {
    const PowerProduct tokens = functions.bits(functions.finest).times(Rational(bits_of_token), -1);
    record.add("tokens", ceil_quantity(tokens, digits));
  }
  add_assumptions(record);
}

// m tokens pass the count for grid number k iff s (k+1)^n <= b w m. With K the largest such k, the grid
// number K + 1 excludes every eps < min(1/2, C/(2 (K+1))), and no eps from there on is excluded.
void accuracy_for_length(const Arguments& arguments, long, Record& record) {
  const Packing functions = packing(arguments, Rational(1));
  const Integer bits =
      arguments.integer(parameters::b) * arguments.integer(parameters::w) * arguments.integer(parameters::m);
  const Integer base =
      floor_root(floor(Rational(bits, functions.s)), functions.n.convert_to<unsigned long>());
  record.add("eps", functions.excluded_below(base));  // K + 1 = base
  add_assumptions(record);
}

void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  const Packing functions = packing(arguments, arguments.rational(parameters::eps));
  const Integer k = printed_integer(record, "k");
  const std::string tokens = printed_integer(record, "tokens").str();
  limit_coq_bits(record, functions.n * bit_size(Integer(k + 1)) + bit_size(functions.s));
  // d L b w eps C
  const std::string problem = fmt::format(
      "{} {} {} {} {} {}", arguments.integer(parameters::d).str(), arguments.integer(parameters::L).str(),
      arguments.integer(parameters::b).str(), arguments.integer(parameters::w).str(),
      coq_quotient(functions.eps), coq_quotient(functions.C));
  certificate.require("entropy_bits_claim");
  certificate.theorem(
      "integers", "k is the largest integer < C/(2 eps), and the tokens are ceil(s (k+1)^n/(b w))",
      fmt::format("entropy_bits_claim {} {} {} {}", problem, functions.s.str(), k.str(), tokens),
      fmt::format("apply entropy_bits_sound. {}.", coq_computed));
  certificate.require("entropy_bits_necessary");
  const Number& alpha = arguments.number(parameters::alpha);
  certificate.theorem(
      "necessary",
      fmt::format("Every model of b-bit prompt entries that serves F(C, alpha), alpha = {}, needs {} tokens",
                  exact_text(alpha), tokens),
      fmt::format("every_model_needs {} {} {}", problem, coq_inverse_exponent(alpha), tokens),
      fmt::format("now apply (entropy_bits_necessary {}).", certificate.full_name("integers")));
}

}  // namespace

Bound entropy_bits_bound() {
  using namespace parameters;
  return {
      .id = "entropy-bits",
      .kind = Kind::necessary,
      .theory = "1.2",
      .source = "own; Kolmogorov-Tikhomirov entropy, McShane extensions",
      .claim = "Prompt tokens that every model needs to serve all of F(C, alpha), with b-bit prompt entries.",
      .formula = "m >= ceil(s (k+1)^n/(b w)), k the largest integer < C/(2 eps), s = n if alpha = inf else 1",
      .uses = {required(d), required(L), required(eps), defaulted(C, "1"), defaulted(alpha, "2"),
               defaulted(b, "16"), defaulted(w, d)},
      .outputs = {{"k", "grid number of the packing"}, {"tokens", "tokens that are necessary"}},
      .evaluate = evaluate,
      .inverses = {{"eps",
                    "every accuracy below this is impossible with m tokens",
                    {required(d), required(L), required(m), defaulted(C, "1"), defaulted(alpha, "2"),
                     defaulted(b, "16"), defaulted(w, d)},
                    accuracy_for_length,
                    // By contraposition: grid number K + 1 excludes every eps below the answer.
                    always({proved_in_coq("1.2", {"analysis.every_alpha.entropy_bits_accuracy"})})}},
      .forms = always({proved_in_coq("1.2", {"analysis.every_alpha.entropy_bits_alpha"})}),
      .certify = certify,
  };
}

}  // namespace promptbound

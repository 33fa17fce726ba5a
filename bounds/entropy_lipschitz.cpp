// One bound of catalogue.hpp.
#include <fmt/format.h>

#include <promptbound/bounds/forms.hpp>
#include <promptbound/bounds/lipschitz_grid.hpp>
#include <promptbound/bounds/prompt_packing.hpp>
#include <promptbound/coq/log_ratio_proof.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/precision.hpp>

// Theory 1.3 (own). For any 1 <= k < C/(2 eps), h_k = min(1, C/k) > 2 eps, rho_k = (h_k - 2 eps)/(2 Lambda):
//   m >= s (k+1)^n ln 2 / (w ln(1 + R/rho_k)),   box form: ln(floor(R/rho_k) + 1);
// the box form's value 0 in the denominator (R < rho_k) means that no length suffices. Every k gives a valid
// bound.

namespace promptbound {
namespace {

/// ceil(s (k+1)^n ln 2/(w ln base)), and the value before rounding, at grid number k.
void add_length(const LipschitzPacking& problem, const Integer& k, long digits, Record& record) {
  const Rational base = problem.base(k);
  const auto log10_value = [&] {
    return (problem.functions.bits(k).log() +
            log(interval_log2() / (Interval(problem.w) * log_rational(base)))) /
           interval_log10();
  };
  const auto is_writable = [&] {
    // 1/ln base is at most the numerator of base; 2^3 < 10.
    if (problem.functions.n * bit_size(Integer(k + 1)) + bit_size(problem.functions.s) + bit_size(base) <
        3 * longest_exact_integer)
      return true;
    const WorkingPrecision scope(64);
    return certainly_less(log10_value(), Interval(Integer(longest_exact_integer)));
  };
  if (is_writable()) {
    const Integer whole_bits =
        problem.functions.s * power(Integer(k + 1), problem.functions.n.convert_to<unsigned long>());
    const LogRatio tokens{whole_bits, Rational(2), problem.w, base};
    if (!record.wants("value")) {
      record.add("tokens", ceil_quantity(tokens, digits));
      return;
    }
    const Quantity value = quantity(tokens, digits);
    record.add("value", value);
    record.add("tokens", ceil_quantity(tokens, value, digits));
  } else {
    record.add("tokens", Magnitude{enclose(digits, [&] {
                 const Interval log10 = log10_value();
                 return Interval(log10, log10 + negligible());
               })});
  }
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const LipschitzPacking problem(arguments, arguments.rational(parameters::eps));
  if (!is_packing_applicable(problem.functions, record)) return;
  assume_lipschitz_model(arguments, record);
  record.holds("the error is the supremum over X of the entrywise alpha-norm");
  // rho_k falls with k, so the base is smallest at k = 1: a base of 1 there already excludes every length.
  if (problem.is_box && problem.base(1) == 1) {
    record.add("k", Integer(1));
    record.add("tokens", std::string("no length suffices"));
    return;
  }
  const Integer k = problem.best_for_length();
  record.add("k", whole_quantity(k, digits));
  add_length(problem, k, digits, record);
}

// The largest eps_k of LipschitzPacking::accuracy; every accuracy below is impossible.
void accuracy_for_length(const Arguments& arguments, long digits, Record& record) {
  const LipschitzPacking problem(arguments, Rational(1));
  assume_lipschitz_model(arguments, record);
  const Integer m = arguments.integer(parameters::m);
  const Integer k = problem.best_for_accuracy(m);
  if (const auto exact = problem.exact_accuracy(m, k)) {
    record.add("eps", *exact);
  } else {
    record.add("eps", enclose(digits, [&] { return problem.accuracy(m, k); }));
  }
  record.add("k", whole_quantity(k, digits));
}

void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  if (!is_box_form(arguments)) no_coq_certificate(record, "certificates are of the box form, --norm max");
  const LipschitzPacking problem_data(arguments, arguments.rational(parameters::eps));
  const Packing& functions = problem_data.functions;
  const Rational& Lambda = problem_data.Lambda;
  const Integer k = printed_integer(record, "k");
  const Integer c = numerator(problem_data.base(k));
  const Integer tokens = printed_integer(record, "tokens");
  const Integer w = arguments.integer(parameters::w);
  const LogRatio ratio{floor(*functions.bits(k).exact()), Rational(2), w, Rational(c)};
  // d L w R Lambda eps C
  const std::string problem = fmt::format(
      "{} {} {} {} {} {} {}", arguments.integer(parameters::d).str(), arguments.integer(parameters::L).str(),
      w.str(), coq_quotient(arguments.rational(parameters::R)), coq_quotient(Lambda),
      coq_quotient(functions.eps), coq_quotient(functions.C));
  certificate.require("entropy_lipschitz_claim");
  certificate.theorem(
      "integers", "k < C/(2 eps), c = floor(R/rho_k) + 1, and the tokens are ceil(s (k+1)^n ln 2/(w ln c))",
      fmt::format("entropy_lipschitz_claim {} {} {} {} {}", problem, functions.s.str(), k.str(), c.str(),
                  tokens.str()),
      fmt::format("apply entropy_lipschitz_sound; [{}|]. {}", coq_computed,
                  coq_prove_ceil(ratio, tokens, certificate)));
  certificate.require("lipschitz_necessary");
  const Number& alpha = arguments.number(parameters::alpha);
  certificate.theorem(
      "necessary",
      fmt::format("Every Lipschitz model that serves F(C, alpha), alpha = {}, needs {} tokens",
                  exact_text(alpha), tokens.str()),
      fmt::format("every_lipschitz_model_needs {} {} {}", problem, coq_inverse_exponent(alpha), tokens.str()),
      fmt::format("now apply (entropy_lipschitz_necessary {}).", certificate.full_name("integers")));
}

std::vector<Form> euclidean_form(std::string_view theorem) {
  return where(
      "norm = euclidean", [](const Arguments& arguments, const Record&) { return !is_box_form(arguments); },
      always({proved_in_coq("1.3", {theorem})}));
}

std::vector<Form> box_form(std::string_view theorem) {
  return where(
      "norm = max", [](const Arguments& arguments, const Record&) { return is_box_form(arguments); },
      always({proved_in_coq("1.3", {theorem})}));
}

std::vector<Form> forms() {
  const auto impossible = [](const Arguments&, const Record& record) {
    return std::holds_alternative<std::string>(record.output("tokens").value());
  };
  return joined(joined(where("no length suffices", impossible,
                             box_form("analysis.every_alpha.entropy_lipschitz_impossible_alpha")),
                       box_form("analysis.every_alpha.entropy_lipschitz_alpha")),
                euclidean_form("analysis.euclidean_form.entropy_lipschitz_euclidean"));
}

/// For every eps below the answer, in the box form c = ceil(X_k) - 1 cells suffice, and c^{w m} < 2^{s
/// (k+1)^n}; in the Euclidean form 1 + R/rho < X_k, and X_k^{w m} = 2^{s (k+1)^n}.
std::vector<Form> inverse_forms() {
  return joined(box_form("analysis.every_alpha.entropy_lipschitz_accuracy"),
                euclidean_form("analysis.euclidean_form.entropy_lipschitz_euclidean_accuracy"));
}

}  // namespace

Bound entropy_lipschitz_bound() {
  using namespace parameters;
  return {
      .id = "entropy-lipschitz",
      .kind = Kind::necessary,
      .theory = "1.3",
      .source = "own",
      .claim =
          "Prompt tokens that a Lipschitz model needs to serve all of F(C, alpha), with real prompt entries.",
      .formula =
          "m >= s (k+1)^n ln 2/(w ln(1 + R/rho)), rho = (min(1, C/k) - 2 eps)/(2 Lambda), best k < C/(2 eps)",
      .uses = {required(d), required(L), required(eps), defaulted(C, "1"), defaulted(alpha, "2"),
               defaulted(w, d), required(R), required(Lambda), defaulted(norm, "euclidean")},
      .outputs = {{"k", "grid number that gives the best bound"},
                  {"value", "the bound before rounding up"},
                  {"tokens", "tokens that are necessary"}},
      .evaluate = evaluate,
      .inverses = {{"eps",
                    "every accuracy below this is impossible with m tokens",
                    {required(d), required(L), required(m), defaulted(C, "1"), defaulted(alpha, "2"),
                     defaulted(w, d), required(R), required(Lambda), defaulted(norm, "euclidean")},
                    accuracy_for_length,
                    inverse_forms()}},
      .forms = forms(),
      .certify = certify,
  };
}

}  // namespace promptbound

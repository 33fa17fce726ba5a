// One bound of catalogue.hpp.
#include <fmt/format.h>

#include <promptbound/bounds/forms.hpp>
#include <promptbound/bounds/search/rounded_cells.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>

// Theory 1.4 (own; construction 5.2). With k = floor(C n^{1/alpha}/(2 eps)) + 1, m = k^n prompt tokens of
// width w = 4n + d + L + 2 suffice for every f in F(C, alpha) in the supremum norm, for one fixed
// transformer. With b-bit prompt entries the error grows by n^{1/alpha} 2^{-b-1}, so k is chosen for eps -
// n^{1/alpha} 2^{-b-1}.

namespace promptbound {
namespace {

struct Problem {
  Integer d, L, n;
  Rational C;
  Number alpha;
};

Problem problem(const Arguments& arguments) {
  Problem result;
  result.d = arguments.integer(parameters::d);
  result.L = arguments.integer(parameters::L);
  result.n = result.d * result.L;
  result.C = arguments.rational(parameters::C);
  result.alpha = arguments.number(parameters::alpha);
  return result;
}

/// 2^{-b-1}, the rounding of one value in [0,1] to b bits.
Rational rounding(const Arguments& arguments) {
  const Integer b = arguments.integer(parameters::b);
  return {Integer(1), power(Integer(2), b.convert_to<unsigned long>() + 1)};
}

void add_assumptions(Record& record) {
  record.holds(
      "the error is the supremum over X of the entrywise alpha-norm; every f in F(C, alpha) is served");
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Problem p = problem(arguments);
  const Rational& eps = arguments.rational(parameters::eps);
  std::optional<PowerProduct> k;
  if (arguments.has(parameters::b)) {
    k = cells_for_rounded_entries(p.C, p.n, p.alpha, eps, rounding(arguments));
    if (!record.require(
            k.has_value(), "eps > n^(1/alpha) 2^(-b-1)",
            "eps <= n^(1/alpha) 2^(-b-1): entries of b bits are too coarse for this construction")) {
      return;
    }
    record.assume("each prompt entry is one of 2^b values of its own code book");
  } else {
    k = least_cells(p.C, p.n, p.alpha, eps);
    record.assume("prompt entries are real numbers");
  }
  const Quantity cells = quantity(*k, digits);
  const auto* whole = std::get_if<Integer>(&cells.value());
  record.add("k", cells);
  record.add("tokens",
             whole != nullptr ? power_quantity(*whole, p.n, 1, digits) : quantity(k->raised(p.n), digits));
  record.add("width", Integer(4 * p.n + p.d + p.L + 2));
  record.add("attention_blocks", Integer(p.L == 1 ? 1 : 2));
  record.add("ffn_blocks", Integer(p.L == 1 ? 1 : 2));
  add_assumptions(record);
}

// m >= k^n tokens hold a grid with k cells per coordinate, which serves every eps > C n^{1/alpha}/(2 k).
void accuracy_for_length(const Arguments& arguments, long digits, Record& record) {
  const Problem p = problem(arguments);
  const Integer k = floor_root(arguments.integer(parameters::m), p.n.convert_to<unsigned long>());
  PowerProduct infimum;
  infimum.times(p.C / (2 * k)).times_root(Rational(p.n), reciprocal(p.alpha));
  record.add("eps", quantity(infimum, digits));
  record.add("k", k);
  record.assume("prompt entries are real numbers");
  add_assumptions(record);
}

void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  if (arguments.has(parameters::b))
    no_coq_certificate(record, "prompt entries must be real numbers: leave out --b");
  const Problem problem_data = problem(arguments);
  const Rational& eps = arguments.rational(parameters::eps);
  const Number& alpha = problem_data.alpha;
  const Integer k = printed_integer(record, "k");
  const Integer p = alpha.infinite ? Integer(1) : numerator(alpha.value);
  limit_coq_bits(
      record, std::max(Integer(problem_data.n * bit_size(k)),
                       Integer(p * (bit_size(problem_data.C) + bit_size(eps) + bit_size(problem_data.n)))));
  // d L eps C q p, 1/alpha = q/p
  const std::string arguments_text =
      fmt::format("{} {} {} {} {}", problem_data.d.str(), problem_data.L.str(), coq_quotient(eps),
                  coq_quotient(problem_data.C), coq_inverse_exponent(alpha));
  certificate.require("lookup_upper_claim");
  certificate.theorem("integers", "k = floor(C n^(1/alpha)/(2 eps)) + 1 and the tokens are k^n",
                      fmt::format("lookup_upper_claim {} {} {}", arguments_text, k.str(),
                                  printed_integer(record, "tokens").str()),
                      fmt::format("apply lookup_upper_sound. {}.", coq_computed));
  certificate.require("lookup_upper_sufficient");
  certificate.theorem("sufficient",
                      "One lookup transformer with that many prompt tokens serves every f in F(C, alpha)",
                      fmt::format("lookup_sufficient {} {} {}", arguments_text, k.str(),
                                  printed_integer(record, "tokens").str()),
                      fmt::format("refine (lookup_upper_sufficient _ _ _ _ _ _ {}); easy || lra.",
                                  certificate.full_name("integers")));
}

std::vector<Form> forms() {
  const ProofStatus layout = proved_on_paper("5.2").of({"width", "attention_blocks", "ffn_blocks"});
  const auto has_bits = [](const Arguments& arguments, const Record&) {
    return arguments.has(parameters::b);
  };
  return joined(
      where(
          "entries of b bits", has_bits,
          always({proved_in_coq("1.4", {"analysis.every_alpha.lookup_upper_bits_alpha"}).of({"k", "tokens"}),
                  layout})),
      where(
          "real entries", [](const Arguments&, const Record&) { return true; },
          always({proved_in_coq("1.4", {"analysis.every_alpha.lookup_upper_alpha"}).of({"k", "tokens"}),
                  layout})));
}

}  // namespace

Bound lookup_upper_bound() {
  using namespace parameters;
  return {
      .id = "lookup-upper",
      .kind = Kind::sufficient,
      .theory = "1.4",
      .source = "own; construction 5.2",
      .claim = "Prompt tokens that suffice, for one fixed transformer and every function of F(C, alpha).",
      .formula = "m = k^n, k = floor(C n^(1/alpha)/(2 eps)) + 1; tokens of width 4n + d + L + 2",
      .uses = {required(d), required(L), required(eps), defaulted(C, "1"), defaulted(alpha, "2"),
               optional(b)},
      .outputs = {{"k", "grid cells per coordinate"},
                  {"tokens", "tokens that suffice"},
                  {"width", "entries of one token"},
                  {"attention_blocks", "single-head attention blocks"},
                  {"ffn_blocks", "feed-forward blocks"}},
      .evaluate = evaluate,
      .inverses = {{"eps",
                    "every accuracy above this is reached with at most m tokens",
                    {required(d), required(L), required(m), defaulted(C, "1"), defaulted(alpha, "2")},
                    accuracy_for_length,
                    always({proved_in_coq("1.4", {"analysis.every_alpha.lookup_upper_accuracy"})})}},
      .forms = forms(),
      .certify = certify,
  };
}

}  // namespace promptbound

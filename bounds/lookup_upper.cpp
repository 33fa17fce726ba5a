#include <fmt/format.h>

#include <promptbound/bounds/bound.hpp>
#include <promptbound/numeric/certify.hpp>
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
  PowerProduct root;  // n^{1/alpha}
};

Problem problem(const Arguments& arguments) {
  Problem result;
  result.d = arguments.integer(parameters::d);
  result.L = arguments.integer(parameters::L);
  result.n = result.d * result.L;
  result.C = arguments.rational(parameters::C);
  result.alpha = arguments.number(parameters::alpha);
  result.root.times_root(Rational(result.n), reciprocal(result.alpha));
  return result;
}

/// 2^{-b-1}, the rounding of one value in [0,1] to b bits.
Rational rounding(const Arguments& arguments) {
  const Integer b = arguments.integer(parameters::b);
  return {Integer(1), power(Integer(2), b.convert_to<unsigned long>() + 1)};
}

/// floor(C r/(2 (eps - r q))) + 1 with r = n^{1/alpha}; nothing when eps <= r q. Irrational r makes the
/// quotient irrational, so it never equals an integer.
std::optional<Integer> grid_for_rounded_entries(const Problem& problem, const Rational& eps,
                                                const Rational& q) {
  if (const auto r = problem.root.exact()) {
    const Rational rest = eps - *r * q;
    if (rest <= 0) return std::nullopt;
    return floor(Rational(problem.C * *r / (2 * rest))) + 1;
  }
  const auto rest = [&] { return Interval(eps) - problem.root.value() * Interval(q); };
  if (decide_less(
          rest, [] { return Interval(0); }, [] { return false; }))
    return std::nullopt;
  return decide_floor([&] { return Interval(problem.C) * problem.root.value() / (Interval(2) * rest()); },
                      [](const Integer&) { return false; }) +
         1;
}

void add_assumptions(Record& record) {
  record.holds(
      "the error is the supremum over X of the entrywise alpha-norm; every f in F(C, alpha) is served");
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Problem p = problem(arguments);
  const Rational& eps = arguments.rational(parameters::eps);
  std::optional<Integer> k;
  if (arguments.has(parameters::b)) {
    k = grid_for_rounded_entries(p, eps, rounding(arguments));
    if (!record.require(
            k.has_value(), "eps > n^(1/alpha) 2^(-b-1)",
            "eps <= n^(1/alpha) 2^(-b-1): entries of b bits are too coarse for this construction")) {
      return;
    }
    record.assume("each prompt entry is one of 2^b values of its own code book");
  } else {
    k = least_grid(p.C, p.n, p.alpha, eps);
    record.assume("prompt entries are real numbers");
  }
  record.add("k", *k);
  record.add("tokens", quantity(PowerProduct().times(Rational(*k), p.n), digits));
  record.add("width", Integer(4 * p.n + p.d + p.L + 2));
  record.add("attention_blocks", Integer(p.L == 1 ? 1 : 2));
  record.add("ffn_blocks", Integer(p.L == 1 ? 1 : 2));
  add_assumptions(record);
}

// m >= k^n tokens hold a grid with k cells per coordinate, which serves every eps > C n^{1/alpha}/(2 k).
void accuracy_for_length(const Arguments& arguments, long digits, Record& record) {
  const Problem p = problem(arguments);
  const Integer k = floor_root(arguments.integer(parameters::m), p.n.convert_to<unsigned long>());
  PowerProduct infimum = p.root;
  infimum.times(p.C / (2 * k));
  record.add("eps", quantity(infimum, digits));
  record.add("k", k);
  record.assume("prompt entries are real numbers");
  add_assumptions(record);
}

void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  if (arguments.has(parameters::b))
    no_coq_theorem(record, "prompt entries must be real numbers: leave out --b");
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
                      fmt::format("refine (lookup_upper_sufficient _ _ _ _ _ {}); easy || lra.",
                                  certificate.full_name("integers")));
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
                    "every accuracy above this is reached with m tokens",
                    {required(d), required(L), required(m), defaulted(C, "1"), defaulted(alpha, "2")},
                    accuracy_for_length}},
      .certify = certify,
  };
}

}  // namespace promptbound

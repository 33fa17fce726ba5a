#include <promptbound/bounds/bound.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/chebyshev.hpp>
#include <promptbound/numeric/precision.hpp>

// Theory 4.2. |p(s) e^{-s} - 1| <= eta on [-S, S], deg p = g: replacing exp by p changes each output
// coordinate by at most eta (max_j v_j - min_j v_j)/(1 + sqrt(1 - eta^2)). Chebyshev truncation has eta <= 2
// e^S sum_{l>g} I_l(S), and p(<q,k>) has rank at most binom(d+g, g).

namespace promptbound {
namespace {

using namespace parameters;

void add_rank_and_cost(const Arguments& arguments, const Integer& degree, Record& record) {
  if (!arguments.has(d)) return;
  const Integer rank = polynomial_rank(arguments.integer(d), degree);
  record.add("rank", rank);
  const AttentionCost cost =
      attention_cost(arguments.has(T) ? arguments.integer(T) : Integer(1), arguments.integer(d),
                     arguments.integer(d_v), rank, arguments.integer(exp_cost));
  record.add("crossover", cost.crossover);
  if (arguments.has(T)) {
    record.add("polynomial_cost", cost.polynomial);
    record.add("exact_cost", cost.exact);
  }
  record.assume("costs count multiply-adds; memory traffic is not modelled");
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  if (arguments.has(S) && !is_feasible_score(arguments.rational(S), record)) return;
  if (arguments.has(eta) && !is_usable_accuracy(arguments.rational(eta), record)) return;
  Integer degree;
  if (arguments.has(g)) {
    degree = arguments.integer(g);
  } else if (arguments.has(S) && arguments.has(eta)) {
    if (!record.require(arguments.rational(eta) < 1, "eta < 1", "eta >= 1: the polynomial may vanish"))
      return;
    degree = least_degree(arguments.rational(S), arguments.rational(eta));
  } else {
    record.not_applicable("the degree is determined", "give --g, or --S and --eta");
    return;
  }
  record.add("degree", degree);
  if (arguments.has(S)) {
    const Rational& bound = arguments.rational(S);
    const Interval error = enclose(digits, [&] { return truncation_error(bound, degree); });
    record.add("eta_bound", error);
    if (certainly_less(error, Interval(1))) {
      record.add("output_error", enclose(digits, [&] {
                   const Interval e = truncation_error(bound, degree);
                   return e / (Interval(1) + sqrt(Interval(1) - square(e)));
                 }));
    }
  }
  add_rank_and_cost(arguments, degree, record);
}

// The largest S whose least degree is at most g: truncation_error grows with S, so bisection encloses it.
void largest_score(const Arguments& arguments, long digits, Record& record) {
  const Rational& limit = arguments.rational(eta);
  if (!is_usable_accuracy(limit, record)) return;
  const Integer degree = arguments.integer(g);
  const auto suffices = [&](const Rational& S_value) {
    return !decide_less([&] { return Interval(limit); }, [&] { return truncation_error(S_value, degree); },
                        [] { return false; });
  };
  Rational low = 1;
  while (!suffices(low)) low /= 2;
  Rational high = 2 * low;
  while (suffices(high)) high *= 2;
  record.add("S", enclose(digits, [&] {
               const Rational relative(Integer(1), Integer(1) << static_cast<unsigned>(working_precision()));
               while (high - low > low * relative) {
                 const Rational middle = (low + high) / 2;
                 (suffices(middle) ? low : high) = middle;
               }
               return Interval(Interval(low), Interval(high));
             }));
}

}  // namespace

Bound polynomial_degree_bound() {
  return {
      .id = "polynomial-degree",
      .kind = Kind::sufficient,
      .theory = "4.2",
      .source = "own constants; AS23, arXiv 2302.13214, for the method",
      .claim =
          "Degree, rank and cost of polynomial attention at a wanted relative accuracy of the exponential.",
      .formula =
          "least g with 2 e^S sum_{l>g} I_l(S) <= eta; rank binom(d+g, g); output error "
          "eta/(1+sqrt(1-eta^2))",
      .uses = {optional(S), optional(eta), optional(g), optional(d), defaulted(d_v, d), optional(T),
               defaulted(exp_cost, "6")},
      .outputs = {{"degree", "degree of the polynomial"},
                  {"eta_bound", "certified relative error of the polynomial on [-S, S]"},
                  {"output_error", "error of every output coordinate per unit of the values' range"},
                  {"rank", "features of one token"},
                  {"crossover", "least T at which the modelled cost is below exact attention's"},
                  {"polynomial_cost", "multiply-adds of polynomial attention on T tokens"},
                  {"exact_cost", "multiply-adds of exact attention on T tokens"}},
      .evaluate = evaluate,
      .inverses =
          {{"S", "largest score bound that degree g serves", {required(g), required(eta)}, largest_score}},
  };
}

}  // namespace promptbound

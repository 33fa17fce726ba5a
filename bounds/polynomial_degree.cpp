// One bound of catalogue.hpp.
#include <promptbound/bounds/attention_cost.hpp>
#include <promptbound/bounds/forms.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/chebyshev.hpp>
#include <promptbound/numeric/error.hpp>

// Theory 4.2. |p(s) e^{-s} - 1| <= eta on [-S, S], deg p = g: replacing exp by p changes each output
// coordinate by at most eta (max_j v_j - min_j v_j)/(1 + sqrt(1 - eta^2)). Chebyshev truncation has eta <= 2
// e^S sum_{l>g} I_l(S), and p(<q,k>) has rank at most binom(d+g, g).

namespace promptbound {
namespace {

using namespace parameters;

void add_rank_and_cost(const Arguments& arguments, const Integer& degree, long digits, Record& record) {
  if (!arguments.has(d)) return;
  const Quantity rank = polynomial_rank(arguments.integer(d), degree, digits);
  record.add("rank", rank);
  const AttentionCost cost =
      attention_cost(arguments.has(T) ? arguments.integer(T) : Integer(1), arguments.integer(d),
                     arguments.integer(d_v), rank, arguments.integer(exp_cost), digits);
  record.add("crossover", cost.crossover);
  if (arguments.has(T)) {
    record.add("polynomial_cost", cost.polynomial);
    record.add("exact_cost", cost.exact);
  }
  record.assume("costs count multiply-adds; memory traffic is not modelled");
}

/// The error of the polynomial, and that of an output where the polynomial cannot vanish.
void add_error(const Rational& score, const Integer& degree, long digits, Record& record) {
  Interval error;
  const auto update = [&] { return error = truncation_error(score, degree); };
  if (!decide_less(
          update, [] { return Interval(1); }, [] { return false; })) {
    record.add("eta_bound", enclose(digits, update));
    return;
  }
  // Relatively, the output's error is at least as sensitive as eta: where it is tight, eta is.
  const Interval output_error = enclose(digits, [&] {
    update();
    return error / (Interval(1) + sqrt(Interval(1) - square(error)));
  });
  record.add("eta_bound", error);
  record.add("output_error", output_error);
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  if (arguments.has(S) && !is_feasible_score(arguments.rational(S), record)) return;
  if (arguments.has(eta) && !is_usable_accuracy(arguments.rational(eta), record)) return;
  Integer degree;
  if (arguments.has(g)) {
    degree = arguments.integer(g);
  } else if (arguments.has(S) && arguments.has(eta)) {
    degree = least_degree(arguments.rational(S), arguments.rational(eta));
  } else {
    throw InputError("polynomial-degree needs --g (degree of the polynomial), or --S and --eta");
  }
  record.add("degree", degree);
  if (arguments.has(S)) add_error(arguments.rational(S), degree, digits, record);
  add_rank_and_cost(arguments, degree, digits, record);
}

// The largest S whose least degree is at most g.
void largest_score_served(const Arguments& arguments, long digits, Record& record) {
  const Rational& limit = arguments.rational(eta);
  if (!is_usable_accuracy(limit, record)) return;
  const Integer degree = arguments.integer(g);
  record.add("S", enclose(digits, [&] { return largest_score(degree, limit); }));
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
      .inverses = {{"S",
                    "largest score bound that degree g serves",
                    {required(g), required(eta)},
                    largest_score_served,
                    always({proved_on_paper("4.2")})}},
      .forms = always(
          {proved_in_coq("4.2", {"algebra.polynomial_attention.polynomial_attention_rank"}).of({"rank"}),
           proved_on_paper("4.2", "the step from eta to the output's error is proved in Coq",
                           {"algebra.polynomial_attention.polynomial_attention_error"})
               .of({"output_error"}),
           proved_on_paper("4.2")}),
  };
}

}  // namespace promptbound

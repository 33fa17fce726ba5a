// One bound of catalogue.hpp.
#include <promptbound/bounds/attention_cost.hpp>
#include <promptbound/bounds/forms.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/chebyshev.hpp>

// Theory 4.1, HWGLSL25 via AS23, transcribed: approximating softmax(Q K^T/d) V on T = m + L tokens with d =
// O(log T) and entries at most B to 1/poly(T) takes time T^{1+o(1)} if B = o(sqrt(ln T)), and no algorithm in
// T^{2-Omega(1)} exists under SETH at B = Theta(sqrt(ln T)). For finite inputs: B, sqrt(ln T), their ratio,
// and the cost of 4.2 at |score| <= B^2.

namespace promptbound {
namespace {

using namespace parameters;

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Rational& entry = arguments.rational(B);
  const Integer tokens = arguments.integer(T);
  const Rational score = entry * entry;  // |<q,k>|/d <= d B^2/d
  if (!is_feasible_score(score, record) || !is_usable_accuracy(arguments.rational(eta), record)) return;
  const auto root = [&] { return sqrt(log(Interval(tokens))); };
  record.add("sqrt_ln_T", enclose(digits, root));
  record.add("ratio", enclose(digits, [&] { return Interval(entry) / root(); }));
  record.add("S", score);
  record.assume("the theorem is asymptotic: the ratio locates the inputs, it decides nothing by itself");
  const Integer degree = least_degree(score, arguments.rational(eta));
  const Quantity rank = polynomial_rank(arguments.integer(d), degree, digits);
  const AttentionCost cost = attention_cost(tokens, arguments.integer(d), arguments.integer(d_v), rank,
                                            arguments.integer(exp_cost), digits);
  record.add("degree", degree);
  record.add("rank", rank);
  record.add("polynomial_cost", cost.polynomial);
  record.add("exact_cost", cost.exact);
  record.add("crossover", cost.crossover);
  record.assume("costs count multiply-adds; memory traffic is not modelled");
}

}  // namespace

Bound efficiency_threshold_bound() {
  return {
      .id = "efficiency-threshold",
      .kind = Kind::threshold,
      .theory = "4.1",
      .source = "HWGLSL25, arXiv 2411.16525, via AS23, arXiv 2302.13214; costs own (4.2)",
      .claim =
          "Where given inputs stand to the fast regime B = o(sqrt(ln T)), with the concrete cost beside it.",
      .formula = "B against sqrt(ln T); degree, rank and cost of 4.2 at S = B^2",
      .uses = {required(B), required(T), required(d), defaulted(eta, "1/1000"), defaulted(d_v, d),
               defaulted(exp_cost, "6")},
      .outputs = {{"sqrt_ln_T", "the threshold's scale"},
                  {"ratio", "B/sqrt(ln T)"},
                  {"S", "bound on the scores <q,k>/d"},
                  {"degree", "degree of polynomial attention at relative accuracy eta"},
                  {"rank", "features of one token"},
                  {"polynomial_cost", "multiply-adds of polynomial attention"},
                  {"exact_cost", "multiply-adds of exact attention"},
                  {"crossover", "least T at which the modelled cost is below exact attention's"}},
      .evaluate = evaluate,
      .forms = always(
          {transcribed("4.1").of({"sqrt_ln_T", "ratio"}),
           proved_in_coq("4.2", {"algebra.polynomial_attention.polynomial_attention_rank"}).of({"rank"}),
           proved_on_paper("4.2")}),
  };
}

}  // namespace promptbound

// One bound of catalogue.hpp.
#include <promptbound/bounds/forms.hpp>
#include <promptbound/bounds/packing.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_ratio.hpp>

// Theory 1.2 at alpha = 2 (own). k is the largest integer with k < C/(2 eps). At each of the (k+1)^n grid
// points one of the n + 1 vertices of a regular simplex of edge above 2 eps is chosen; Kirszbraun's theorem
// extends each choice to a function of F(C, 2), and no output serves two of them. For prompts of at most m
// tokens,
//   m >= floor(((k+1)^n log2(n+1) - 1)/(b w)) + 1.

namespace promptbound {
namespace {

void add_assumptions(Record& record) {
  record.holds("the error is the supremum over X of the entrywise 2-norm; prompts may be shorter than m");
  record.assume("each prompt entry takes one of 2^b values; the model is arbitrary");
}

bool is_applicable(const Packing& functions, Record& record) {
  return record.require(!functions.alpha.infinite && functions.alpha.value == 2, "alpha = 2",
                        "alpha is not 2: functions extend with their Lipschitz constant (Kirszbraun) in the "
                        "Euclidean norm; entropy-bits takes every alpha");
}

/// log2 of the simplex's n + 1 vertices, times a factor, over a divisor.
LogRatio bits(const Packing& functions, const Integer& factor, const Integer& divisor) {
  return {factor, Rational(functions.n + 1), divisor, Rational(2)};
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Packing functions = packing(arguments, arguments.rational(parameters::eps));
  if (!is_applicable(functions, record) || !is_packing_applicable(functions, record)) return;
  record.add("k", whole_quantity(functions.finest, digits));
  const Integer bits_of_token = arguments.integer(parameters::b) * arguments.integer(parameters::w);
  const Quantity points = power_quantity(Integer(functions.finest + 1), functions.n, 1, digits);
  if (const auto* whole = std::get_if<Integer>(&points.value())) {
    // floor((x - 1)/q) = floor((floor(x) - 1)/q) for a whole number q
    const Integer count = floor(bits(functions, *whole, 1));
    record.add("tokens", whole_quantity(Integer((count - 1) / bits_of_token + 1), digits));
  } else {
    // Subtracting 1 and rounding change the logarithm by less than negligible().
    record.add("tokens", Magnitude{enclose(digits, [&] {
                 const Interval x = log10(Interval(functions.finest + 1)) * Interval(functions.n) +
                                    log10(bits(functions, 1, bits_of_token).value());
                 return Interval(x - negligible(), x + negligible());
               })});
  }
  add_assumptions(record);
}

// m tokens pass the count for grid number k iff (k+1)^n log2(n+1) < m b w + 1. With x the largest k + 1 of
// these, the grid number x excludes every eps < min(1/2, C/(2 x)).
void accuracy_for_length(const Arguments& arguments, long, Record& record) {
  const Packing functions = packing(arguments, Rational(1));
  if (!is_applicable(functions, record)) return;
  const Integer count =
      arguments.integer(parameters::b) * arguments.integer(parameters::w) * arguments.integer(parameters::m) +
      1;
  const LogRatio points{count, Rational(2), 1, Rational(functions.n + 1)};
  const Integer fewer = std::get<Integer>(ceil_quantity(points, 1).value()) - 1;
  const Integer base = floor_root(fewer, functions.n.convert_to<unsigned long>());
  record.add("eps", functions.excluded_below(base));
  add_assumptions(record);
}

std::vector<Form> forms() {
  return always({proved_on_paper(
      "1.2", "by Kirszbraun's theorem; entropy-bits, with one bit a grid point, is proved in Coq",
      {"analysis.every_alpha.entropy_bits_alpha"})});
}

}  // namespace

Bound entropy_simplex_bound() {
  using namespace parameters;
  return {
      .id = "entropy-simplex",
      .kind = Kind::necessary,
      .theory = "1.2",
      .source = "own; Kolmogorov-Tikhomirov entropy, Kirszbraun's theorem",
      .claim =
          "Prompt tokens that every model needs to serve all of F(C, 2), with b-bit prompt entries; alpha = "
          "2.",
      .formula = "m >= floor(((k+1)^n log2(n+1) - 1)/(b w)) + 1, k the largest integer < C/(2 eps)",
      .uses = {required(d), required(L), required(eps), defaulted(C, "1"), defaulted(alpha, "2"),
               defaulted(b, "16"), defaulted(w, d)},
      .outputs = {{"k", "grid number of the packing"}, {"tokens", "tokens that are necessary"}},
      .evaluate = evaluate,
      .inverses = {{"eps",
                    "every accuracy below this is impossible with m tokens",
                    {required(d), required(L), required(m), defaulted(C, "1"), defaulted(alpha, "2"),
                     defaulted(b, "16"), defaulted(w, d)},
                    accuracy_for_length,
                    forms()}},
      .forms = forms(),
  };
}

}  // namespace promptbound

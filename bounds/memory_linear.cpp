#include <promptbound/bounds/log_ratio.hpp>
#include <promptbound/bounds/prompt_packing.hpp>
#include <promptbound/bounds/separated_labels.hpp>

// Theory 2.5, MMCT25's first theorem with explicit constants. rho = (Delta - 2 eps)/(2 Lambda):
//   N ln K <= m w ln(1 + R/rho),   box form: m w ln(floor(R/rho) + 1).

namespace promptbound {
namespace {

using namespace parameters;

void add_assumptions(const Arguments& arguments, Record& record) {
  assume_lipschitz_model(arguments, record);
  record.assume(
      "every one of the K^N labellings is reached within eps, labels pairwise further apart than Delta");
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const auto rho = separation_radius(arguments, record);
  if (!rho) return;
  const Rational base = packing_base(arguments, *rho);
  const Integer entries = arguments.integer(m) * arguments.integer(w);
  record.add("bits", quantity(LogRatio{entries, base, 1, Rational(2)}, digits));
  record.add("max_examples", floor(LogRatio{entries, base, 1, arguments.rational(K)}));
  add_assumptions(arguments, record);
}

void length_for_examples(const Arguments& arguments, long, Record& record) {
  const auto rho = separation_radius(arguments, record);
  if (!rho) return;
  const Rational base = packing_base(arguments, *rho);
  add_assumptions(arguments, record);
  if (base == 1) {
    record.add("m", std::string("no length suffices"));
  } else {
    record.add("m", ceil(LogRatio{arguments.integer(N), arguments.rational(K), arguments.integer(w), base}));
  }
}

}  // namespace

Bound memory_linear_bound() {
  return {
      .id = "memory-linear",
      .kind = Kind::necessary,
      .theory = "2.5",
      .source = "MMCT25, arXiv 2509.00421 (first theorem), constants own",
      .claim =
          "Examples that a prompt can memorize at most, for a Lipschitz model: linear in the prompt length.",
      .formula = "N ln K <= m w ln(1 + R/rho), rho = (Delta - 2 eps)/(2 Lambda)",
      .uses = {required(m), required(w), required(R), required(Lambda), required(Delta), required(eps),
               defaulted(K, "2"), defaulted(norm, "euclidean")},
      .outputs = {{"bits", "capacity of the prompt"}, {"max_examples", "largest N"}},
      .evaluate = evaluate,
      .inverses = {{"m",
                    "least prompt length that N examples need",
                    {required(N), required(w), required(R), required(Lambda), required(Delta), required(eps),
                     defaulted(K, "2"), defaulted(norm, "euclidean")},
                    length_for_examples}},
  };
}

}  // namespace promptbound

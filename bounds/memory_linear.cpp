// One bound of catalogue.hpp.
#include <fmt/format.h>

#include <promptbound/bounds/forms.hpp>
#include <promptbound/bounds/prompt_packing.hpp>
#include <promptbound/bounds/separated_labels.hpp>
#include <promptbound/coq/log_ratio_proof.hpp>

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

void length_for_examples(const Arguments& arguments, long digits, Record& record) {
  const auto rho = separation_radius(arguments, record);
  if (!rho) return;
  const Rational base = packing_base(arguments, *rho);
  add_assumptions(arguments, record);
  if (base == 1) {
    record.add("m", std::string("no length suffices"));
  } else {
    const LogRatio tokens{arguments.integer(N), arguments.rational(K), arguments.integer(w), base};
    record.add("m", ceil_quantity(tokens, digits));
  }
}

/// The base c = floor(R/rho) + 1 of the box form, where it has a certificate.
Integer cells(const Arguments& arguments, const Record& record) {
  Record ignored;
  const Rational base = packing_base(arguments, *separation_radius(arguments, ignored));
  if (!is_box_form(arguments)) no_coq_certificate(record, "certificates are of the box form, --norm max");
  if (base == 1) no_coq_certificate(record, "its checker asks for R >= rho");
  return numerator(base);
}

/// The arguments R Lambda Delta eps c of the claims.
std::string model(const Arguments& arguments, const Integer& c) {
  return fmt::format("{} {} {} {} {}", coq_quotient(arguments.rational(R)),
                     coq_quotient(arguments.rational(Lambda)), coq_quotient(arguments.rational(Delta)),
                     coq_quotient(arguments.rational(eps)), c.str());
}

void certify_examples(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  const Integer c = cells(arguments, record);
  const Integer examples = printed_integer(record, "max_examples");
  const LogRatio ratio{arguments.integer(m) * arguments.integer(w), Rational(c), 1, arguments.rational(K)};
  certificate.require("entropy_lipschitz_claim");
  certificate.theorem("max_examples", "c = floor(R/rho) + 1, and the largest N with N ln K <= m w ln c",
                      fmt::format("memory_linear_count_claim {} {} {} {} {}", arguments.integer(m).str(),
                                  arguments.integer(K).str(), arguments.integer(w).str(), model(arguments, c),
                                  examples.str()),
                      fmt::format("apply memory_linear_count_sound; [{}|]. {}", coq_computed,
                                  coq_prove_floor(ratio, examples, certificate)));
}

void certify_length(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  const Integer c = cells(arguments, record);
  const Integer length = printed_integer(record, "m");
  const LogRatio ratio{arguments.integer(N), arguments.rational(K), arguments.integer(w), Rational(c)};
  const std::string problem = fmt::format("{} {} {}", arguments.integer(N).str(), arguments.integer(K).str(),
                                          arguments.integer(w).str());
  certificate.require("entropy_lipschitz_claim");
  certificate.theorem(
      "integers", "c = floor(R/rho) + 1, and the least m with N ln K <= m w ln c",
      fmt::format("memory_linear_length_claim {} {} {}", problem, model(arguments, c), length.str()),
      fmt::format("apply memory_linear_length_sound; [{}|]. {}", coq_computed,
                  coq_prove_ceil(ratio, length, certificate)));
  certificate.require("lipschitz_necessary");
  certificate.theorem(
      "necessary",
      fmt::format("Every Lipschitz model that memorizes all labellings of the N inputs needs {} tokens",
                  length.str()),
      fmt::format("memorizing_model_needs {} {} {} {} {} {}", problem, coq_quotient(arguments.rational(R)),
                  coq_quotient(arguments.rational(Lambda)), coq_quotient(arguments.rational(Delta)),
                  coq_quotient(arguments.rational(eps)), length.str()),
      fmt::format("refine (memory_linear_necessary _ _ _ {}); easy.", certificate.full_name("integers")));
}

std::vector<Form> forms() {
  const auto holds = [](bool box) {
    return [box](const Arguments& arguments, const Record&) { return is_box_form(arguments) == box; };
  };
  return joined(where("norm = max", holds(true),
                      always({proved_in_coq("2.5", {"algebra.memory_linear.memory_linear"})})),
                where("norm = euclidean", holds(false),
                      always({proved_in_coq("2.5", {"analysis.euclidean_form.memory_linear_euclidean"})})));
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
                    length_for_examples,
                    forms(),
                    certify_length}},
      .forms = forms(),
      .certify = certify_examples,
  };
}

}  // namespace promptbound

// One bound of catalogue.hpp.
#include <fmt/format.h>

#include <algorithm>

#include <promptbound/bounds/forms.hpp>
#include <promptbound/bounds/packed_problem.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>

// Theory 1.6 (own; construction 5.9). Prompts that use every bit of their entries, P payload entries of b
// bits in a token, serve every f in F(C, alpha) with
//   m = ceil(k^n/r) tokens, the least over the layouts of packed_layout.hpp:
// differences along a path through the k^n cells, or the values of each cell.

namespace promptbound {
namespace {

bool is_searched(const PackedProblem& problem, Record& record) {
  return record.require(problem.b <= most_bits_of_packed_entry, "b <= 4096",
                        "b > 4096: codes for entries of more bits are not searched");
}

/// The layout and its sizes but for the tokens.
void add_layout(const PackedLayout& layout, long digits, Record& record) {
  const bool is_difference = layout.code.form == PackedForm::difference;
  record.add("form", std::string(is_difference ? "difference" : "direct"));
  record.add("steps", layout.code.steps);
  record.add("k", whole_quantity(layout.k, digits));
  record.add("digits_per_entry", layout.code.digits_per_entry);
  record.add("first_digits", layout.first_digits);
  record.add("cells_per_token", layout.cells_per_token);
}

void add_assumptions(Record& record) {
  record.holds(
      "the error is the supremum over X of the entrywise alpha-norm; every f in F(C, alpha) is served");
  record.assume("each prompt entry is one of 2^b values of its own code book");
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const PackedProblem p = packed_problem(arguments);
  if (!is_searched(p, record)) return;
  const std::optional<PackedLayout> layout = best_packed_layout(p, arguments.rational(parameters::eps));
  if (!record.require(layout.has_value(), "P payload entries hold a cell",
                      "no token of P payload entries holds the values of a cell: take a larger P (grids of "
                      "more than 100,000 "
                      "digits a coordinate are not searched)")) {
    return;
  }
  record.add("tokens", layout->tokens(p.n, digits));
  add_layout(*layout, digits, record);
  record.add("width", Integer(p.P + overhead_width(p, *layout)));
  const Integer is_long = p.L > 1 ? 1 : 0;
  record.add("attention_blocks", Integer(p.n + 1 + is_long));
  record.add("ffn_blocks", Integer((p.n + 1) * (p.n + layout->digits_per_token(p.n) + 4) + 1 + 2 * is_long));
  add_assumptions(record);
}

void accuracy_for_length(const Arguments& arguments, long digits, Record& record) {
  const PackedProblem p = packed_problem(arguments);
  if (!is_searched(p, record)) return;
  const auto best = best_packed_accuracy(p, arguments.integer(parameters::m));
  if (!record.require(best.has_value(), "m tokens of P payload entries hold a cell",
                      "m tokens of P payload entries are too few for any grid: take a larger P")) {
    return;
  }
  PowerProduct infimum;
  infimum.times(best->eps_over_root).times_root(Rational(p.n), reciprocal(p.alpha));
  record.add("eps", quantity(infimum, digits));
  add_layout(best->layout, digits, record);
  add_assumptions(record);
}

/// The sizes of the record's form, and that so many tokens serve F(C, alpha). That no other layout needs
/// fewer tokens, and the width, are not in it.
void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  const PackedProblem p = packed_problem(arguments);
  const Rational& eps = arguments.rational(parameters::eps);
  const bool is_difference = std::get<std::string>(record.output("form").value()) == "difference";
  const Integer steps = printed_integer(record, "steps"), k = printed_integer(record, "k");
  const Integer J = printed_integer(record, "digits_per_entry"), A = printed_integer(record, "first_digits");
  const Integer r = printed_integer(record, "cells_per_token"), m = printed_integer(record, "tokens");
  // Both sides of the comparisons with k are p-th powers, 1/alpha = q/p.
  const Integer root = p.alpha.infinite ? Integer(1) : numerator(p.alpha.value);
  limit_coq_bits(record, std::max(Integer(p.n * bit_size(k)),
                                  Integer(root * (bit_size(p.C) + bit_size(eps) + bit_size(p.n) +
                                                  bit_size(steps) + 2 * bit_size(k)))));
  const std::string sizes =
      is_difference
          ? fmt::format("{} {} {} {} {} {}", steps.str(), k.str(), J.str(), A.str(), r.str(), m.str())
          : fmt::format("{} {} {} {} {}", steps.str(), k.str(), J.str(), r.str(), m.str());
  const std::string problem = fmt::format("{} {} {} {} {} {} {}", p.d.str(), p.L.str(), coq_quotient(eps),
                                          coq_quotient(p.C), coq_inverse_exponent(p.alpha), p.b, p.P.str());
  const std::string_view kind = is_difference ? "packed_difference" : "packed_direct";
  const Integer largest = floor(Rational(Rational(k * steps) / p.C + Rational(1, 2)));
  const std::string numbers = fmt::format("{} {} {} {} {} {} {} {} {} {}{}", p.d.str(), p.L.str(),
                                          numerator(eps).str(), denominator(eps).str(), numerator(p.C).str(),
                                          denominator(p.C).str(), coq_inverse_exponent(p.alpha), p.b,
                                          p.P.str(), sizes, is_difference ? " " + largest.str() : "");
  certificate.require("packed_upper_claim");
  certificate.theorem(
      "integers",
      is_difference ? "Difference form, t = steps: k = floor(C n^(1/alpha) (1 + 1/t)/(2 eps)) + 1, J = max{j "
                      ": (2t+1)^j <= 2^b}, "
                      "A the least digits of floor(k t/C + 1/2), r = floor(P J/n) - A + 1, m = ceil(k^n/r)"
                    : "Direct form, M = steps the most with (M+1)^J <= 2^b: k = floor(C n^(1/alpha)/(2 eps - "
                      "n^(1/alpha)/M)) + 1, "
                      "r = floor(P J/n), m = ceil(k^n/r)",
      fmt::format("{}_claim {} {}", kind, problem, sizes),
      fmt::format("apply ({}_sound {}). {}.", kind, numbers, coq_computed));
  certificate.require("packed_upper_sufficient");
  certificate.theorem("sufficient",
                      fmt::format("At function level: one map from prompts and inputs to outputs serves "
                                  "every f in F(C, alpha), by prompts "
                                  "of {} tokens with {} payload entries of {} bits",
                                  m.str(), p.P.str(), p.b),
                      fmt::format("packed_sufficient {} {}", problem, m.str()),
                      fmt::format("refine ({}_sufficient {}{}); easy || lra.", kind,
                                  is_difference ? "_ _ _ _ _ _ _ _ _ _ _ _ " : "_ _ _ _ _ _ _ _ _ _ _ ",
                                  certificate.full_name("integers")));
}

std::vector<Form> forms() {
  return always({proved_on_paper(
      "1.6",
      "in Coq at function level: prompts of that many tokens hold values from which every f is "
      "served; that the network reads them is on paper",
      {"algebra.packed_upper.packed_upper_tokens", "algebra.packed_upper.packed_upper_tokens_direct"})});
}

}  // namespace

Bound packed_upper_bound() {
  using namespace parameters;
  const Use payload = defaulted(P, "16 d L", {&d, &L}, payload_by_default);
  return {
      .id = "packed-upper",
      .kind = Kind::sufficient,
      .theory = "1.6",
      .source = "own; construction 5.9",
      .claim =
          "Prompt tokens that suffice when every bit of their entries is used, for every function of "
          "F(C, alpha).",
      .formula = "m = ceil(k^n/r), k = floor(C n^(1/alpha) (1 + 1/t)/(2 eps)) + 1, r = floor(P J/n) - A + 1",
      .uses = {required(d), required(L), required(eps), defaulted(C, "1"), defaulted(alpha, "2"),
               defaulted(b, "16"), payload},
      .outputs = {{"tokens", "tokens that suffice"},
                  {"form", "what a digit is: a difference between neighbouring cells, or a value (direct)"},
                  {"steps", "t, the most steps of a difference, or M, the steps of a value"},
                  {"k", "grid cells per coordinate"},
                  {"digits_per_entry", "J, digits that an entry holds"},
                  {"first_digits", "A, digits of a value in the first cell of a token"},
                  {"cells_per_token", "r, grid cells that a token serves"},
                  {"width", "entries of one token, payload and the rest"},
                  {"attention_blocks", "single-head attention blocks"},
                  {"ffn_blocks", "feed-forward blocks"}},
      .evaluate = evaluate,
      .inverses = {{"eps",
                    "every accuracy above this is reached with at most m tokens",
                    {required(d), required(L), required(m), defaulted(C, "1"), defaulted(alpha, "2"),
                     defaulted(b, "16"), payload},
                    accuracy_for_length,
                    forms()}},
      .forms = forms(),
      .certify = certify,
  };
}

}  // namespace promptbound

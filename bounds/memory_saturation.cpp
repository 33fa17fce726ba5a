// One bound of catalogue.hpp.
#include <algorithm>
#include <array>

#include <promptbound/bounds/forms.hpp>
#include <promptbound/bounds/saturation_regimes.hpp>
#include <promptbound/bounds/separated_labels.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_ratio.hpp>

// Theory 2.6, MMCT25's second theorem with explicit constants. The capacity in bits is at most the least of
//   linear    m w log2(1 + R/rho),                           rho = (Delta - 2 eps)/(2 Lambda)
//   multiset  log2 binom(c + m - 1, m),                      c = floor((1 + 2R/rho)^w)
//   plateau   log2 binom(q + c' - 1, c' - 1),                c' = floor((1 + 8R/eta)^w), eta = (Delta - 2
//   eps)/Lambda_W,
//                                                            q = ceil(2 R c'/eta), independent of m.

namespace promptbound {
namespace {

using namespace parameters;

constexpr std::array<std::string_view, 3> regime_bounds = {"linear_bits", "multiset_bits", "plateau_bits"};

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const auto rho = separation_radius(arguments, record);
  if (!rho) return;
  const Rational& radius = arguments.rational(R);
  const Rational eta_value =
      (arguments.rational(Delta) - 2 * arguments.rational(eps)) / arguments.rational(Lambda_W);
  const Integer width = arguments.integer(w);
  const Integer m_value = arguments.integer(m);

  const LogRatio linear{m_value * width, 1 + radius / *rho, 1, Rational(2)};
  const SaturationRegimes regimes(linear.top, width, 1 + 2 * radius / *rho, 1 + 8 * radius / eta_value,
                                  2 * radius / eta_value);
  const auto bits = [&](const Interval& log_count) { return log_count / interval_log2(); };
  const auto multiset = [&] { return bits(regimes.log_multisets(m_value)); };
  const auto plateau = [&] { return bits(regimes.log_plateau()); };

  const Quantity linear_bits = quantity(linear, digits);
  const Interval multiset_bits = enclose(digits, multiset);
  const Quantity plateau_bits = regimes.plateau_quantity(digits);
  const Interval capacity = enclose(digits, [&] { return min(linear.value(), min(multiset(), plateau())); });

  record.assume("attention is bidirectional and prompt tokens carry no positional information");
  record.assume(
      "prompt tokens have Euclidean norm <= R; Lambda and Lambda_W bound the model's change (3.1, 2.6)");
  record.assume("every labelling is reached within eps, labels pairwise further apart than Delta");

  record.add("capacity_bits", capacity);
  record.add("bits_per_token", enclose(digits, [&] {
               return min(linear.value(), min(multiset(), plateau())) / Interval(m_value);
             }));
  record.add("linear_bits", linear_bits);
  record.add("multiset_bits", multiset_bits);
  record.add("plateau_bits", plateau_bits);
  record.add("c", regimes.covering(digits));
  record.add("c_plateau", regimes.plateau_covering(digits));
  record.add("q", regimes.plateau_steps(digits));
  if (!record.wants("m_multiset") && !record.wants("m_plateau")) return;
  record.add("m_multiset", regimes.multiset_takes_over(digits));
  record.add("m_plateau", regimes.plateau_takes_over(digits));
}

/// Is this the least of the three bounds, certainly?
Condition is_least(std::string_view least) {
  return [least](const Arguments&, const Record& record) {
    return std::all_of(regime_bounds.begin(), regime_bounds.end(), [&](std::string_view other) {
      return other == least ||
             certainly_less(record.output(least).enclosure(), record.output(other).enclosure());
    });
  };
}

/// Coq has the linear and the multiset bound over Euclidean balls; the plateau, and which regime begins
/// where, are on paper.
std::vector<Form> forms() {
  const ProofStatus linear = proved_in_coq("2.5", {"analysis.euclidean_form.memory_linear_euclidean"});
  const ProofStatus multiset = proved_in_coq("2.6", {"analysis.euclidean_form.memory_saturation_euclidean"});
  const ProofStatus plateau = proved_on_paper("2.6");
  const auto form = [&](std::string_view when, const Condition& holds, const ProofStatus& least) {
    return where(when, holds,
                 always({least.of({"capacity_bits", "bits_per_token"}), linear.of({"linear_bits"}),
                         multiset.of({"multiset_bits"}), plateau}));
  };
  return joined(joined(form("the linear bound is the least", is_least("linear_bits"), linear),
                       form("the multiset bound is the least", is_least("multiset_bits"), multiset)),
                form(
                    "the plateau is the least, or two are equal",
                    [](const Arguments&, const Record&) { return true; }, plateau));
}

}  // namespace

Bound memory_saturation_bound() {
  return {
      .id = "memory-saturation",
      .kind = Kind::necessary,
      .theory = "2.6",
      .source = "MMCT25, arXiv 2509.00421 (second theorem), constants own",
      .claim = "Bits that a prompt can hold at most: linear in its length, then logarithmic, then constant.",
      .formula = "min of m w log2(1 + R/rho), log2 binom(c+m-1, m), log2 binom(q+c'-1, c'-1)",
      .uses = {required(m), required(w), required(R), required(Lambda), required(Lambda_W), required(Delta),
               required(eps)},
      .outputs = {{"capacity_bits", "the least of the three bounds"},
                  {"bits_per_token", "capacity_bits/m"},
                  {"linear_bits", "linear bound"},
                  {"multiset_bits", "bound by multisets of covering balls"},
                  {"plateau_bits", "bound by rounded measures, independent of m"},
                  {"c", "covering balls of radius rho"},
                  {"c_plateau", "covering balls of radius eta/4"},
                  {"q", "steps of the rounded weights"},
                  {"m_multiset", "least m at which the multiset bound is below the linear one"},
                  {"m_plateau", "least m at which the plateau is below both others, exponential in w"}},
      .evaluate = evaluate,
      .forms = forms(),
  };
}

}  // namespace promptbound

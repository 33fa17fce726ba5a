// One bound of catalogue.hpp.
#include <fmt/format.h>

#include <promptbound/bounds/forms.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

// Theory 1.1, HWGLSL25's memorization capacity theorem, transcribed:
//   delta = eps/(2 C n^{1/alpha}),  lambda = delta^{-n} = (2 C n^{1/alpha}/eps)^n,  m >= L lambda,
// and on the integer grid with k = ceil(1/delta) cells per coordinate: m >= L k^n. Here n = d L.

namespace promptbound {
namespace {

Integer input_dimension(const Arguments& arguments) {
  return arguments.integer(parameters::d) * arguments.integer(parameters::L);
}

/// factor * n^{exponent/alpha}
PowerProduct scaled_root(const Arguments& arguments, const Rational& base, const Integer& exponent) {
  const Integer n = input_dimension(arguments);
  return PowerProduct()
      .times(base, exponent)
      .times_root(Rational(n), exponent * reciprocal(arguments.number(parameters::alpha)));
}

/// 1/delta = 2 C n^{1/alpha}/eps
PowerProduct inverse_step(const Arguments& arguments) {
  return scaled_root(arguments, 2 * arguments.rational(parameters::C) / arguments.rational(parameters::eps),
                     1);
}

std::optional<WholePart> inverse_step_in_words(const Arguments& arguments) {
  return whole_part_in_words(2 * arguments.rational(parameters::C), arguments.rational(parameters::eps),
                             input_dimension(arguments), arguments.number(parameters::alpha));
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Integer n = input_dimension(arguments);
  const Integer L = arguments.integer(parameters::L);

  const std::optional<WholePart> whole = inverse_step_in_words(arguments);
  if (!record.require(whole ? whole->floor >= 1 : compare(inverse_step(arguments), 1) >= 0, "1/delta >= 1",
                      "1/delta = 2 C n^(1/alpha)/eps is below 1: the formula is vacuous")) {
    return;
  }
  if (record.wants("least_integer") || record.wants("value")) {
    const Rational twice = 2 * arguments.rational(parameters::C) / arguments.rational(parameters::eps);
    PowerProduct tokens = scaled_root(arguments, twice, n);
    tokens.times(Rational(L));
    record.add("least_integer", ceil_quantity(tokens, digits));
    record.add("value", quantity(tokens, digits));
  }
  if (whole) {
    const Integer k(whole->floor + (whole->is_whole ? 0 : 1));
    record.add("k", k);
    record.add("tokens", power_quantity(k, n, L, digits));
  } else {
    const PowerProduct k = rounded_up(inverse_step(arguments));
    record.add("k", quantity(k, digits));
    record.add("tokens", quantity(k.raised(n).times(Rational(L)), digits));
  }
  record.assume(
      "the prompts realise every map of the grid with step delta to itself, each by a prompt of its own");
  record.assume("prompt entries lie on the same grid; nothing is said of finer entries");
}

/// The factor n^{1/alpha} (L/m)^{1/n} of the accuracy as a single root, so that it is recognised where it is
/// rational; nothing where neither n^{1/alpha} is rational nor the root has few enough bits to be formed.
std::optional<PowerProduct> accuracy_factor(const Integer& n, const Rational& inverse_alpha,
                                            const Rational& ratio) {
  constexpr unsigned long most_bits = 1UL << 20;
  if (const auto root = exact_power(Rational(n), inverse_alpha, most_bits))
    return PowerProduct().times(*root).times_root(ratio, Rational(Integer(1), n));
  // With l = lcm(n, denominator of 1/alpha) it is (n^{l/alpha} (L/m)^{l/n})^{1/l}.
  const Integer l = lcm(n, denominator(inverse_alpha));
  const auto first = exact_power(Rational(n), Rational(l * inverse_alpha), most_bits);
  const auto second = exact_power(ratio, Rational(l, n), most_bits);
  if (!first || !second) return std::nullopt;
  return PowerProduct().times_root(*first * *second, Rational(Integer(1), l));
}

// L (2 C n^{1/alpha}/eps)^n = m  iff  eps = 2 C (n^{n/alpha} L/m)^{1/n}
void accuracy_for_length(const Arguments& arguments, long digits, Record& record) {
  const Integer n = input_dimension(arguments);
  const Rational ratio = Rational(arguments.integer(parameters::L), arguments.integer(parameters::m));
  const Rational exponent = reciprocal(arguments.number(parameters::alpha));
  const Rational twice = 2 * arguments.rational(parameters::C);
  const std::optional<PowerProduct> factor = accuracy_factor(n, exponent, ratio);
  if (factor && factor->exact()) {
    record.add("eps", Rational(twice * *factor->exact()));
  } else {
    record.add("eps", enclose(digits, [&] {
                 return Interval(twice) * power(Interval(Rational(n)), exponent) *
                        power(Interval(ratio), Rational(Integer(1), n));
               }));
  }
  record.assume("the formula is read as an equation; it is not proved here");
}

bool is_whole_step(const Arguments& arguments) {
  if (const auto whole = inverse_step_in_words(arguments)) return whole->is_whole;
  const std::optional<Rational> exact = inverse_step(arguments).exact();
  return exact && denominator(*exact) == 1;
}

/// Is 1/delta = 1?
bool is_one_cell(const Record& record) {
  const auto* k = std::get_if<Integer>(&record.output("k").value());
  return k != nullptr && *k == 1;
}

/// The Coq theorem counts grid-to-grid maps and grid prompts for k >= 2 values: it is about L k^n, and about
/// L lambda where that is the same number. With one value there is one map, and no prompt is needed.
std::vector<Form> forms() {
  const ProofStatus count =
      proved_in_coq("1.1", {"algebra.quantized_capacity.quantized_capacity"},
                    "for maps of the grid of k values to itself, and prompts on that grid");
  return joined(
      joined(where(
                 "1/delta = 1", [](const Arguments&, const Record& record) { return is_one_cell(record); },
                 always({transcribed("1.1", "with one value an entry there is a single map")})),
             where(
                 "1/delta an integer >= 2",
                 [](const Arguments& arguments, const Record&) { return is_whole_step(arguments); },
                 always({count}))),
      where(
          "1/delta not an integer", [](const Arguments&, const Record&) { return true; },
          always({count.of({"k", "tokens"}), transcribed("1.1").of({"least_integer", "value"})})));
}

/// The number of digits of L lambda, where the integer itself is too large for a check over Z.
void certify_magnitude(const Arguments& arguments, const PowerProduct& tokens, const std::string& problem,
                       CoqCertificate& certificate) {
  constexpr long spare = 20;
  long bits = 0;
  const Integer k =
      at_rising_precision("the number of digits of L lambda", 64, [&]() -> std::optional<Integer> {
        bits = working_precision();
        const Interval log10 = tokens.log() / interval_log10();
        if (!log10.is_finite()) return std::nullopt;
        const Integer low = floor(log10.lower());
        const bool is_inside =
            certainly_less(Interval(low), log10) && certainly_less(log10, Interval(Integer(low + 1)));
        return is_inside ? std::optional(low) : std::nullopt;
      });
  certificate.require("log_decide");
  certificate.require("log_scale");
  certificate.theorem("magnitude", "L lambda has k + 1 digits before the point: 10^k <= L lambda < 10^(k+1)",
                      fmt::format("decimal_magnitude {} (published_tokens {} {})", k.str(), problem,
                                  coq_inverse_exponent(arguments.number(parameters::alpha))),
                      fmt::format("magnitude_by_logarithms {}%positive.", bits + spare));
}

void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  if (is_one_cell(record)) no_coq_certificate(record, "it is proved for 1/delta > 1");
  const Integer n = input_dimension(arguments);
  const Integer L = arguments.integer(parameters::L);
  const Number& alpha = arguments.number(parameters::alpha);
  const Rational twice = 2 * arguments.rational(parameters::C) / arguments.rational(parameters::eps);
  // d L eps C
  const std::string problem = fmt::format("{} {} {} {}", arguments.integer(parameters::d).str(), L.str(),
                                          coq_quotient(arguments.rational(parameters::eps)),
                                          coq_quotient(arguments.rational(parameters::C)));
  certificate.require("quantized_capacity_claim");
  // The check compares the p-th powers, 1/alpha = q/p.
  const Integer p = alpha.infinite ? Integer(1) : numerator(alpha.value);
  if (p * (n * (bit_size(twice) + bit_size(n)) + bit_size(L)) > most_coq_bits) {
    PowerProduct tokens = scaled_root(arguments, twice, n);
    return certify_magnitude(arguments, tokens.times(Rational(L)), problem, certificate);
  }
  certificate.theorem("least_integer", "the least integer that is at least L lambda",
                      fmt::format("quantized_capacity_claim {} {} {}", problem, coq_inverse_exponent(alpha),
                                  printed_integer(record, "least_integer").str()),
                      fmt::format("apply quantized_capacity_sound. {}.", coq_computed));
  certificate.theorem(
      "tokens", "the integer-grid form: k = ceil(1/delta) and the tokens are L k^n",
      fmt::format("quantized_capacity_grid_claim {} {} {} {}", problem, coq_inverse_exponent(alpha),
                  printed_integer(record, "k").str(), printed_integer(record, "tokens").str()),
      fmt::format("apply quantized_capacity_grid_sound. {}.", coq_computed));
}

}  // namespace

Bound quantized_capacity_bound() {
  using namespace parameters;
  return {
      .id = "quantized-capacity",
      .kind = Kind::published,
      .theory = "1.1",
      .source = "HWGLSL25, arXiv 2411.16525 (memorization capacity theorem)",
      .claim = "Prompt tokens that the published capacity theorem asks for.",
      .formula =
          "m >= L (2 C n^(1/alpha)/eps)^n, n = d L; grid form m >= L k^n, k = ceil(2 C n^(1/alpha)/eps)",
      .uses = {required(d), required(L), required(eps), defaulted(C, "1"), defaulted(alpha, "2")},
      .outputs = {{"least_integer", "least whole number of tokens that the formula allows"},
                  {"value", "L lambda, the formula's value"},
                  {"k", "cells per coordinate of the integer grid"},
                  {"tokens", "tokens of the integer-grid form, L k^n"}},
      .evaluate = evaluate,
      .inverses = {{"eps",
                    "accuracy at which the formula asks for m tokens",
                    {required(d), required(L), required(m), defaulted(C, "1"), defaulted(alpha, "2")},
                    accuracy_for_length,
                    always({transcribed("1.1")})}},
      .forms = forms(),
      .certify = certify,
  };
}

}  // namespace promptbound

#include <fmt/format.h>

#include <promptbound/bounds/bound.hpp>
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

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Integer n = input_dimension(arguments);
  const Integer L = arguments.integer(parameters::L);
  const Rational twice = 2 * arguments.rational(parameters::C) / arguments.rational(parameters::eps);

  const PowerProduct resolution = scaled_root(arguments, twice, 1);  // 1/delta
  const Integer k = ceil(resolution);
  const std::optional<Rational> exact_resolution = resolution.exact();
  if (!record.require(exact_resolution ? *exact_resolution >= 1 : k > 1, "1/delta >= 1",
                      "1/delta = 2 C n^(1/alpha)/eps is below 1: the formula is vacuous")) {
    return;
  }
  if (record.wants("least_integer") || record.wants("value")) {
    PowerProduct tokens = scaled_root(arguments, twice, n);
    tokens.times(Rational(L));
    record.add("least_integer", ceil_quantity(tokens, digits));
    record.add("value", quantity(tokens, digits));
  }
  record.add("k", k);
  record.add("tokens", quantity(PowerProduct().times(Rational(L)).times(Rational(k), n), digits));
  record.assume(
      "the prompts realise every map of the grid with step delta to itself, each by a prompt of its own");
  record.assume("prompt entries lie on the same grid; nothing is said of finer entries");
}

// L (2 C n^{1/alpha}/eps)^n = m  iff  eps = 2 C (n^{n/alpha} L/m)^{1/n}
void accuracy_for_length(const Arguments& arguments, long digits, Record& record) {
  const Integer n = input_dimension(arguments);
  const Rational ratio = Rational(arguments.integer(parameters::L), arguments.integer(parameters::m));
  const Rational exponent = reciprocal(arguments.number(parameters::alpha));
  const Rational twice = 2 * arguments.rational(parameters::C);
  record.add("eps", enclose(digits, [&] {
               return Interval(twice) * power(Interval(Rational(n)), exponent) *
                      power(Interval(ratio), Rational(Integer(1), n));
             }));
  record.assume("the formula is read as an equation; it is not proved here");
}

/// The number of digits of L lambda, where the integer itself is too large for a check over Z.
void certify_magnitude(const Arguments& arguments, const PowerProduct& tokens, const std::string& problem,
                       CoqCertificate& certificate) {
  constexpr long spare = 20;
  for (long bits = 64;; bits *= 2) {
    const WorkingPrecision scope(bits);
    const Interval log10 = tokens.log() / interval_log10();
    const Integer k = floor(log10.lower());
    if (!certainly_less(Interval(k), log10) || !certainly_less(log10, Interval(Integer(k + 1)))) continue;
    certificate.require("log_decide");
    certificate.require("log_scale");
    certificate.theorem("magnitude",
                        "L lambda has k + 1 digits before the point: 10^k <= L lambda < 10^(k+1)",
                        fmt::format("decimal_magnitude {} (published_tokens {} {})", k.str(), problem,
                                    coq_inverse_exponent(arguments.number(parameters::alpha))),
                        fmt::format("magnitude_by_logarithms {}%positive.", bits + spare));
    return;
  }
}

void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
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
                    accuracy_for_length}},
      .certify = certify,
  };
}

}  // namespace promptbound

#include <promptbound/bounds/attention_cost.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_binomial.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {

bool is_feasible_score(const Rational& S, Record& record) {
  return record.require(S <= 100000, "S <= 100000",
                        "S > 100000: the degree, which grows like S, is not computed here");
}

bool is_usable_accuracy(const Rational& eta, Record& record) {
  return record.require(eta < 1, "eta < 1", "eta >= 1: the polynomial may vanish");
}

Quantity polynomial_rank(const Integer& d, const Integer& g, long digits) {
  const auto log10_rank = [&] { return log_binomial(d, g) / interval_log10(); };
  {
    const WorkingPrecision scope(64);
    if (certainly_less(Interval(Integer(longest_exact_integer)), log10_rank()))
      return Magnitude{enclose(digits, log10_rank)};
  }
  const Integer smaller = g < d ? g : d;
  return whole_quantity(binomial(d + g, smaller.convert_to<unsigned long>()), digits);
}

AttentionCost attention_cost(const Integer& T, const Integer& d, const Integer& d_v, const Quantity& rank,
                             const Integer& exp_cost, long digits) {
  const Integer per_pair = d + d_v + 1 + exp_cost;
  const Integer per_feature = 2 * (d_v + 2);
  const Integer exact = T * T * per_pair;
  if (const auto* r = std::get_if<Integer>(&rank.value())) {
    const Integer per_token = *r * per_feature;
    return {exact, whole_quantity(T * per_token, digits), whole_quantity(per_token / per_pair + 1, digits)};
  }
  const WorkingPrecision scope(bits_for_digits(digits) + 64);
  const Interval& log10_rank = std::get<Magnitude>(rank.value()).log10;
  const Interval polynomial = log10_rank + log10(Interval(Integer(T * per_feature)));
  // The crossover is a whole number within 1 of the quotient, which is huge.
  const Interval crossover = log10_rank + log10(Interval(Rational(per_feature, per_pair)));
  return {exact, Magnitude{polynomial},
          Magnitude{Interval(crossover - negligible(), crossover + negligible())}};
}

}  // namespace promptbound

#include <promptbound/bounds/bound.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

// Theory 1.5 (construction 5.1). Universal in d_alpha, alpha < inf: k = floor((C+1) n^{1/alpha}/(2 eps)) + 1
// is the least k with (C+1) n^{1/alpha}/(2k) = eps' < eps, m = L k^n prompt tokens, T = m + L; one attention
// block with one head, one FFN of width d(2Tk - 1), and either one FFN of width L k^{dT} (wide form) or L
// k^{dT} FFNs of width 3 and a clamp (deep form). The ramps obey n^2 (k-1) eta <= eps^alpha - eps'^alpha and
// eta < 1/(2k).

namespace promptbound {
namespace {

using namespace parameters;

/// factor * base^exponent for a (possibly huge) whole number T = L k^n + L.
Quantity affine_width(const Integer& d_value, const Integer& k, const PowerProduct& m_tokens,
                      const Integer& L_value, long digits) {
  if (const auto exact = m_tokens.exact()) return Integer(d_value * (2 * (floor(*exact) + L_value) * k - 1));
  // d(2(m+L)k - 1) lies between 2dkm and 2dkm(1 + (L+1)/m), and m is beyond 10^100000.
  return Magnitude{enclose(digits, [&] {
    const Interval low = (m_tokens.log() + log(Interval(Integer(2 * d_value * k)))) / interval_log10();
    return Interval(low, low + Interval(Rational(L_value + 1, power(Integer(10), 1000))));
  })};
}

/// L k^{dT} with T = m + L.
Quantity table_size(const Integer& d_value, const Integer& k, const PowerProduct& m_tokens,
                    const Integer& L_value, long digits) {
  if (const auto exact = m_tokens.exact()) {
    const Integer exponent = d_value * (floor(*exact) + L_value);
    return quantity(PowerProduct().times(Rational(L_value)).times(Rational(k), exponent), digits);
  }
  return Magnitude{enclose(digits, [&] {
    const Interval exponent = Interval(d_value) * (m_tokens.value() + Interval(L_value));
    return log10(Interval(L_value)) + exponent * log10(Interval(k));
  })};
}

/// T k^d: the order of WCWH23's attention blocks.
Quantity attention_order(const Integer& d_value, const Integer& k, const PowerProduct& m_tokens,
                         const Integer& L_value, long digits) {
  PowerProduct order;
  order.times(Rational(k), d_value);
  if (const auto exact = m_tokens.exact()) return quantity(order.times(*exact + L_value), digits);
  return Magnitude{enclose(digits, [&] {
    const Interval low = (m_tokens.log() + order.log()) / interval_log10();
    return Interval(low, low + Interval(Rational(L_value, power(Integer(10), 1000))));
  })};
}

/// x + 1 for a whole number, given in full or by the logarithm of more than 100,000 digits.
Quantity one_more(const Quantity& x, long digits) {
  if (const auto* exact = std::get_if<Integer>(&x.value())) return Integer(*exact + 1);
  const WorkingPrecision scope(bits_for_digits(digits) + 64);
  const Interval& log10_x = std::get<Magnitude>(x.value()).log10;
  return Magnitude{Interval(log10_x, log10_x + Interval(Rational(Integer(1), power(Integer(10), 1000))))};
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Number& exponent = arguments.number(alpha);
  if (!record.require(!exponent.infinite, "alpha < inf",
                      "alpha = inf: on the ramps the error is of order 1 in the supremum norm")) {
    return;
  }
  const Integer d_value = arguments.integer(d);
  const Integer L_value = arguments.integer(L);
  const Integer n = d_value * L_value;
  const Rational& accuracy = arguments.rational(eps);
  const Rational growth = arguments.rational(C) + 1;
  const Integer k = least_grid(growth, n, exponent, accuracy);
  PowerProduct tokens;
  tokens.times(Rational(L_value)).times(Rational(k), n);

  record.add("k", k);
  record.add("tokens", quantity(tokens, digits));
  record.holds("the error is d_alpha; alpha < inf; every f in F(C, alpha) is served");
  record.assume("prompt entries are real numbers");
  if (record.only == "tokens") return;
  record.add("attention_blocks", Integer(1));
  record.add("ffn_1_width", affine_width(d_value, k, tokens, L_value, digits));
  const Quantity table = table_size(d_value, k, tokens, L_value, digits);
  record.add("wide_ffn_width", table);
  record.add("deep_ffn_blocks", one_more(table, digits));
  if (k > 1) {
    record.add("ramp_limit", enclose(digits, [&] {
                 const Interval inner = power(Interval(growth / (2 * k)), exponent.value) * Interval(n);
                 const Interval slack =
                     (power(Interval(accuracy), exponent.value) - inner) / Interval(Integer(n * n * (k - 1)));
                 return min(slack, Interval(Rational(Integer(1), 2 * k)));
               }));
  }
  record.add("wcwh23_attention_order", attention_order(d_value, k, tokens, L_value, digits));
}

}  // namespace

Bound universality_size_bound() {
  return {
      .id = "universality-size",
      .kind = Kind::sufficient,
      .theory = "1.5",
      .source = "construction 5.1; HWGLSL25, arXiv 2411.16525, and WCWH23, arXiv 2305.18787, for the orders",
      .claim = "Sizes of one transformer that prompts turn into every function of F(C, alpha), in d_alpha.",
      .formula =
          "k = floor((C+1) n^(1/alpha)/(2 eps)) + 1, m = L k^n, T = m + L, widths d(2Tk-1) and L k^(dT)",
      .uses = {required(d), required(L), required(eps), defaulted(C, "1"), defaulted(alpha, "2")},
      .outputs = {{"k", "grid cells per coordinate"},
                  {"tokens", "prompt tokens"},
                  {"attention_blocks", "single-head attention blocks"},
                  {"ffn_1_width", "width of the first feed-forward block"},
                  {"wide_ffn_width",
                   "wide form: width of the second feed-forward block (published order O(k^(dT)))"},
                  {"deep_ffn_blocks", "deep form: feed-forward blocks of width 3, and one clamp"},
                  {"ramp_limit", "the ramps of the staircase may be this wide at most"},
                  {"wcwh23_attention_order",
                   "T k^d: published order of WCWH23's two-head attention blocks, "
                   "its constant unknown"}},
      .evaluate = evaluate,
  };
}

}  // namespace promptbound

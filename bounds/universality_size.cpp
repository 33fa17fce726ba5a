// One bound of catalogue.hpp.
#include <promptbound/bounds/forms.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_rational.hpp>
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

/// The sizes of 5.1. Its prompt has so many tokens, in the deep and wide form alike.
struct Sizes {
  Integer d;
  Integer L;
  PowerProduct k;
  PowerProduct tokens;            ///< L k^n
  std::optional<Integer> cells;   ///< k, if it is written out
  std::optional<Integer> length;  ///< T = m + L, if m is written out and more than the tokens is asked for
};

Sizes sizes(const Arguments& arguments) {
  const Integer d_value = arguments.integer(d);
  const Integer L_value = arguments.integer(L);
  const Integer n = d_value * L_value;
  const PowerProduct k =
      least_cells(arguments.rational(C) + 1, n, arguments.number(alpha), arguments.rational(eps));
  Sizes result{d_value, L_value, k, k.raised(n).times(Rational(L_value)), std::nullopt, std::nullopt};
  return result;
}

/// 10^(ln/ln 10), when the number lies above e^ln by a factor of at most 1 + excess 10^-100000.
Magnitude magnitude(long digits, const Enclosing& ln, const Integer& excess) {
  return {enclose(digits, [&] {
    const Interval log10 = ln() / interval_log10();
    return Interval(log10, log10 + Interval(excess) * negligible());
  })};
}

/// d(2Tk - 1)
Quantity first_width(const Sizes& s, long digits) {
  if (s.length) return whole_quantity(s.d * (2 * *s.length * *s.cells - 1), digits);
  // It lies between 2dkm and 2dkm(1 + (L+1)/m), and m is beyond 10^100000.
  return magnitude(
      digits, [&] { return s.tokens.log() + s.k.log() + log(Interval(Integer(2 * s.d))); }, s.L + 1);
}

/// L k^{dT}
Quantity table_size(const Sizes& s, long digits) {
  if (s.length) return quantity(s.k.raised(s.d * *s.length).times(Rational(s.L)), digits);
  const auto log10 = [&] {
    return promptbound::log10(Interval(s.L)) +
           Interval(s.d) * (s.tokens.value() + Interval(s.L)) * s.k.log() / interval_log10();
  };
  {
    const WorkingPrecision scope(64);
    if (log10().is_finite()) return Magnitude{enclose(digits, log10)};
  }
  // Even the logarithm, d m log10 k to all digits that matter, is beyond every exponent range.
  return PowerTower{enclose(digits, [&] {
    const Interval ln = s.tokens.log() + log(Interval(s.d) * s.k.log() / interval_log10());
    return Interval(ln, ln + negligible()) / interval_log10();
  })};
}

/// T k^d: the order of WCWH23's attention blocks.
Quantity attention_order(const Sizes& s, long digits) {
  const PowerProduct order = s.k.raised(s.d);
  if (s.length) return quantity(order.multiplied(Rational(*s.length)), digits);
  return magnitude(
      digits, [&] { return s.tokens.log() + order.log(); }, s.L);
}

/// x + 1 for a whole number, given in full or by the logarithm of more than 100,000 digits.
Quantity one_more(const Quantity& x, long digits) {
  if (const auto* exact = std::get_if<Integer>(&x.value())) return whole_quantity(*exact + 1, digits);
  const auto* huge = std::get_if<Magnitude>(&x.value());
  if (huge == nullptr) return x;  // a tower: 1 more changes no digit of its logarithm's logarithm
  const WorkingPrecision scope(bits_for_digits(digits) + 64);
  return Magnitude{Interval(huge->log10, huge->log10 + negligible())};
}

/// The least of 1/(2k) and (eps^alpha - eps'^alpha)/(n^2 (k-1)), eps' = (C+1) n^{1/alpha}/(2k) < eps and k >
/// 1 a whole number that is written out. By logarithms: eps^alpha may be far below every exponent range.
Quantity ramp_limit(const Arguments& arguments, const Integer& n, const Integer& k, long digits) {
  const Rational& accuracy = arguments.rational(eps);
  const Rational& exponent = arguments.number(alpha).value;
  const Rational share = (arguments.rational(C) + 1) / (2 * k * accuracy);
  // (eps'/eps)^alpha = n share^alpha < 1, which k, the least of its kind, may bring as near to 1 as 1/k:
  // exactly where the power is rational and short.
  constexpr unsigned long few_bits = 8192;
  const std::optional<Rational> part = exact_power(share, exponent, few_bits);
  if (const auto power = part ? exact_power(accuracy, exponent, few_bits) : std::nullopt) {
    const Rational slack = *power * (1 - n * *part) / (n * n * (k - 1));
    const Rational limit = std::min(slack, Rational(1, 2 * k));
    return enclose(digits, [&] { return Interval(limit); });
  }
  const auto ln_of_rest = [&] {
    if (part) return log_rational(Rational(1 - n * *part));
    return log(-expm1(log_rational(Rational(n)) + Interval(exponent) * log_rational(share)));
  };
  const auto ln = [&] {
    const WorkingPrecision scope(working_precision() + static_cast<long>(bit_size(k)));
    const Interval slack =
        Interval(exponent) * log_rational(accuracy) + ln_of_rest() - log_rational(Rational(n * n * (k - 1)));
    return min(slack, -log_rational(Rational(2 * k)));
  };
  // The number itself, or log10 of it where it may have more digits than are written out.
  bool is_writable = false;
  const Interval enclosed = enclose(digits, [&] {
    const Interval value = ln(), log10 = value / interval_log10();
    is_writable = certainly_less(abs(log10), Interval(Integer(longest_exact_integer)));
    return is_writable ? exp(value) : log10;
  });
  return is_writable ? Quantity(enclosed) : Quantity(Magnitude{enclosed});
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  if (!record.require(!arguments.number(alpha).infinite, "alpha < inf",
                      "alpha = inf: on the ramps the error is of order 1 in the supremum norm")) {
    return;
  }
  Sizes s = sizes(arguments);
  const Quantity cells = quantity(s.k, digits);
  if (const auto* whole = std::get_if<Integer>(&cells.value())) s.cells = *whole;
  const Quantity tokens =
      s.cells ? power_quantity(*s.cells, Integer(s.d * s.L), s.L, digits) : quantity(s.tokens, digits);
  record.add("k", cells);
  record.add("tokens", tokens);
  record.holds("the error is d_alpha; alpha < inf; every f in F(C, alpha) is served");
  record.assume("prompt entries are real numbers");
  if (record.only == "tokens") return;
  if (const auto* whole = std::get_if<Integer>(&tokens.value())) s.length = *whole + s.L;
  record.add("attention_blocks", Integer(1));
  record.add("ffn_1_width", first_width(s, digits));
  const Quantity table = table_size(s, digits);
  record.add("wide_ffn_width", table);
  record.add("deep_ffn_blocks", one_more(table, digits));
  if (s.cells && *s.cells > 1) record.add("ramp_limit", ramp_limit(arguments, s.d * s.L, *s.cells, digits));
  record.add("wcwh23_attention_order", attention_order(s, digits));
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
      .forms = always({transcribed("1.5").of({"wcwh23_attention_order"}),
                       proved_on_paper("1.5",
                                       "that with these tokens the error off the ramps is at most (C+1) "
                                       "n^(1/alpha)/(2k) is proved in Coq",
                                       {"analysis.every_alpha.universal_prompting_alpha"})
                           .of({"k", "tokens"}),
                       proved_on_paper("1.5")}),
  };
}

}  // namespace promptbound

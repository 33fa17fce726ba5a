#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/chebyshev.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// The modified Bessel function I_l(S) = sum_k (S/2)^{2k+l}/(k! (k+l)!), by its series; the tail is geometric
/// once the ratio of consecutive terms is below 1/2.
Interval bessel(const Rational& S, unsigned long l) {
  const Interval half(Rational(S / 2));
  const Interval quarter_square = square(half);
  Interval factorial;
  mpfr_fac_ui(&factorial.get()->left, l, MPFR_RNDD);
  mpfr_fac_ui(&factorial.get()->right, l, MPFR_RNDU);
  Interval term = power(half, l) / factorial;
  Interval sum = term;
  const Rational ratio_top = S * S / 2;  // term ratio <= 1/2 once k (k + l) >= 2 (S/2)^2 = S^2/2
  const Interval negligible(
      Rational(Integer(1), Integer(1) << static_cast<unsigned>(working_precision() + 8)));
  for (unsigned long k = 1;; ++k) {
    term *= quarter_square / Interval(Integer(Integer(k) * (k + l)));
    sum += term;
    // The ratio of all later terms is below 1/2, so they add at most `term`.
    if (Rational(Integer(k + 1) * (k + 1 + l)) >= ratio_top && certainly_less(term, sum * negligible)) {
      return Interval(sum, sum + term);
    }
  }
}

/// suffix[g] encloses sum_{l > g} I_l(S) for g = 0 .. last. Downward recurrence I_{l-1} = I_{l+1} + (2l/S)
/// I_l adds positive numbers only, so the two topmost values, from their series, carry their relative
/// accuracy down.
std::vector<Interval> suffix_sums(const Rational& S, unsigned long last) {
  const unsigned long top =
      last + ceil(S).convert_to<unsigned long>() + static_cast<unsigned long>(working_precision()) + 2;
  Interval above = bessel(S, top);
  Interval current = bessel(S, top - 1);
  // I_{l+1}/I_l < (S/2)/(l+1) <= 1/2 from l = top on: the rest beyond `top` is below I_top.
  Interval sum(above, above + above);
  std::vector<Interval> suffix(last + 1);
  for (unsigned long l = top - 1; l >= 1; --l) {
    sum += current;  // sum over all indices >= l
    if (l - 1 <= last) suffix[l - 1] = sum;
    Interval below = above + Interval(Rational(Rational(2 * l) / S)) * current;
    above = std::move(current);
    current = std::move(below);
  }
  return suffix;
}

Interval error_from_suffix(const Rational& S, const Interval& suffix) {
  return Interval(2) * exp(Interval(S)) * suffix;
}

}  // namespace

bool is_feasible_score(const Rational& S, Record& record) {
  return record.require(S <= 100000, "S <= 100000",
                        "S > 100000: no polynomial of feasible degree follows exp so far");
}

bool is_usable_accuracy(const Rational& eta, Record& record) {
  return record.require(eta < 1, "eta < 1", "eta >= 1: the polynomial may vanish");
}

Interval truncation_error(const Rational& S, const Integer& degree) {
  const auto g = degree.convert_to<unsigned long>();
  return error_from_suffix(S, suffix_sums(S, g)[g]);
}

std::vector<Interval> chebyshev_coefficients(const Rational& S, unsigned long degree) {
  // exp(s) = I_0(S) + 2 sum_l I_l(S) T_l(s/S), with T_{l+1}(x) = 2 x T_l(x) - T_{l-1}(x).
  std::vector<Integer> before(degree + 1), current(degree + 1);
  before[0] = 1;
  if (degree > 0) current[1] = 1;
  std::vector<Interval> coefficients(degree + 1, Interval(0));
  coefficients[0] = bessel(S, 0);
  for (unsigned long l = 1; l <= degree; ++l) {
    const Interval weight = Interval(2) * bessel(S, l);
    for (unsigned long i = 0; i <= l; ++i) coefficients[i] += weight * Interval(current[i]);
    std::vector<Integer> next(degree + 1);
    for (unsigned long i = 0; i <= degree; ++i)
      next[i] = (i > 0 ? Integer(2 * current[i - 1]) : Integer(0)) - before[i];
    before = std::move(current);
    current = std::move(next);
  }
  const Interval range(S);
  for (unsigned long i = 0; i <= degree; ++i) coefficients[i] /= power(range, i);
  return coefficients;
}

Integer least_degree(const Rational& S, const Rational& eta) {
  for (long bits = 128;; bits *= 2) {
    const WorkingPrecision scope(bits);
    const Interval limit(eta);
    for (unsigned long last = 32;; last *= 2) {
      const std::vector<Interval> suffix = suffix_sums(S, last);
      unsigned long g = 0;
      while (g <= last && !certainly_less_equal(error_from_suffix(S, suffix[g]), limit)) ++g;
      if (g > last) continue;
      if (g == 0 || certainly_less(limit, error_from_suffix(S, suffix[g - 1]))) return g;
      break;  // the error at g - 1 is too close to eta for these bits
    }
    if (bits > 1L << 16)
      throw Undecided("the degree is not decided: the error at one degree is too close to eta");
  }
}

Integer polynomial_rank(const Integer& d, const Integer& g) {
  const Integer smaller = g < d ? g : d;
  return binomial(d + g, smaller.convert_to<unsigned long>());
}

AttentionCost attention_cost(const Integer& T, const Integer& d, const Integer& d_v, const Integer& rank,
                             const Integer& exp_cost) {
  const Integer per_pair = d + d_v + 1 + exp_cost;
  const Integer per_token = 2 * rank * (d_v + 2);
  return {T * T * per_pair, T * per_token, per_token / per_pair + 1};
}

}  // namespace promptbound

#include <promptbound/attention/polynomial/score_polynomial.hpp>

#include <algorithm>
#include <cmath>

#include <promptbound/numeric/chebyshev.hpp>
#include <promptbound/numeric/fast_interval.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

constexpr long bits = 192;

/// Rounds the coefficients to doubles and adds e^S sum_l |error of coefficient l| S^l to the relative bound:
/// e^S >= e^{-s}.
ScorePolynomial rounded(const std::vector<Interval>& coefficients, double S, Interval relative) {
  ScorePolynomial result;
  result.S = S;
  const Interval range(S), growth = exp(range);
  for (std::size_t l = 0; l < coefficients.size(); ++l) {
    const double coefficient = coefficients[l].midpoint().lower_double();
    result.coefficients.push_back(coefficient);
    relative += growth * abs(coefficients[l] - Interval(coefficient)) * power(range, l);
  }
  result.relative = relative.upper_double();
  return result;
}

std::vector<Interval> taylor_coefficients(Index degree) {
  std::vector<Interval> coefficients = {Interval(1)};
  for (Index l = 1; l <= degree; ++l)
    coefficients.push_back(coefficients.back() / Interval(static_cast<long>(l)));
  return coefficients;
}

}  // namespace

double ScorePolynomial::size(double x, Index from) const {
  FastInterval sum(0);
  const FastInterval argument(std::abs(x));
  for (auto l = static_cast<Index>(coefficients.size()); l-- > 0;) {
    sum *= argument;
    if (l >= from) sum += FastInterval(std::abs(coefficients[static_cast<std::size_t>(l)]));
  }
  return sum.upper();
}

ScorePolynomial chebyshev_polynomial(double S, Index degree) {
  const WorkingPrecision scope(bits);
  const Rational range(S);
  return rounded(chebyshev_coefficients(range, static_cast<unsigned long>(degree)), S,
                 truncation_error(range, Integer(degree)));
}

// F(x) = 2 sum_{l > g} I_l(r) T_l(x/r) (r = 0: the Taylor series' rest), all terms >= 0 and growing for x >=
// r, so |p(s) - e^s| <= F(max(|s|, r)). For h <= g + 1 each (T_l(x/r) - 1)/x^h grows, and c is reached at S.
// For h = g + 2 let G(x) = (F(x) - F(r))/x^h. F is convex, so between a and b = a e^{H/h} it is below its
// chord; with x = (1 - t) a + t b, x^h >= a^{h (1 - t)} b^{h t}, so
//   G(x) <= max(G(a), G(b)) ((1 - t) e^{H t} + t e^{-H (1 - t)}) <= max(G(a), G(b)) e^{H^2/8},
// the last by Hoeffding's lemma.
ScorePolynomial moment_polynomial(double S, double inner, Index degree, Index moment) {
  const WorkingPrecision scope(bits);
  const std::vector<Interval> coefficients =
      inner > 0 ? chebyshev_coefficients(Rational(inner), static_cast<unsigned long>(degree))
                : taylor_coefficients(degree);
  const auto rest = [&](const Interval& x) {
    Interval sum(0);
    for (std::size_t l = coefficients.size(); l-- > 0;) sum = sum * x + coefficients[l];
    return exp(x) - sum;
  };
  const auto h = static_cast<unsigned long>(moment);
  const Interval absolute = inner > 0 ? rest(Interval(inner)) : Interval(0);
  const auto share_of_power = [&](double x) {
    return (rest(Interval(x)) - absolute) / power(Interval(x), h);
  };
  ScorePolynomial result = rounded(coefficients, S, Interval(0));
  result.moment = moment;
  result.absolute = absolute.upper_double();
  result.per_moment = share_of_power(S).upper_double();
  if (moment <= degree + 1) return result;
  constexpr int cells = 16;
  double from = inner, share = 0;
  for (int cell = 1; cell <= cells; ++cell) {
    const double to = cell == cells ? S : inner * std::pow(S / inner, static_cast<double>(cell) / cells);
    const double at_end = share_of_power(to).upper_double();
    const Interval H = Interval(static_cast<long>(moment)) * log(Interval(to) / Interval(from));
    const Interval within = Interval(std::max(share, at_end)) * exp(square(H) / Interval(8));
    result.per_moment = std::max(result.per_moment, within.upper_double());
    from = to;
    share = at_end;
  }
  return result;
}

}  // namespace promptbound

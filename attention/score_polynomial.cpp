#include <promptbound/attention/score_polynomial.hpp>

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

}  // namespace

double ScorePolynomial::size(double x) const {
  FastInterval sum(0);
  const FastInterval argument(std::abs(x));
  for (std::size_t l = coefficients.size(); l-- > 0;)
    sum = sum * argument + FastInterval(std::abs(coefficients[l]));
  return sum.upper();
}

ScorePolynomial chebyshev_polynomial(double S, Index degree) {
  const WorkingPrecision scope(bits);
  const Rational range(S);
  return rounded(chebyshev_coefficients(range, static_cast<unsigned long>(degree)), S,
                 truncation_error(range, Integer(degree)));
}

ScorePolynomial taylor_polynomial(double S, Index degree) {
  const WorkingPrecision scope(bits);
  const Interval range(S);
  std::vector<Interval> coefficients;
  Interval factorial(1), sum(0);
  for (Index l = 0; l <= degree; ++l) {
    if (l > 0) factorial *= Interval(static_cast<long>(l));
    coefficients.push_back(Interval(1) / factorial);
    sum += coefficients.back() * power(range, static_cast<unsigned long>(l));
  }
  ScorePolynomial result = rounded(coefficients, S, Interval(0));
  // (e^s - T(s))/s^{degree+1} has positive Taylor coefficients, so it is largest at S; times |s| <= S for
  // even degrees.
  result.moment = degree % 2 == 1 ? degree + 1 : degree;
  result.per_moment =
      ((exp(range) - sum) / power(range, static_cast<unsigned long>(result.moment))).upper_double();
  return result;
}

}  // namespace promptbound

#include <promptbound/attention/polynomial/score_polynomial.hpp>

#include <doctest/doctest.h>

#include <promptbound/attention/polynomial/monomials.hpp>
#include <promptbound/numeric/precision.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Interval value(const ScorePolynomial& polynomial, const Interval& s) {
  Interval sum(0);
  for (std::size_t l = polynomial.coefficients.size(); l-- > 0;)
    sum = sum * s + Interval(polynomial.coefficients[l]);
  return sum;
}

/// |p(s) - e^s| against the claim at random exact points of [-S, S] and its ends; the largest share of the
/// claim.
double largest_share(const ScorePolynomial& polynomial) {
  const WorkingPrecision scope(256);
  RandomNumbers random(1);
  const Rational S(polynomial.S);
  double share = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const Rational s = trial == 0 ? S : trial == 1 ? Rational(-S) : random.rational(-S, S);
    const Interval claim =
        Interval(polynomial.relative) * exp(Interval(s)) + Interval(polynomial.absolute) +
        Interval(polynomial.per_moment) * power(Interval(s), static_cast<unsigned long>(polynomial.moment));
    const Interval distance = abs(value(polynomial, Interval(s)) - exp(Interval(s)));
    CHECK(certainly_less_equal(distance, claim));
    share = std::max(share, (distance / claim).upper_double());
  }
  return share;
}

}  // namespace

TEST_CASE("the distance of Chebyshev polynomials from exp is within the claim and near it") {
  for (const double S : {1e-3, 0.3, 1.0, 2.25, 9.7}) {
    for (const Index degree : {0, 1, 4, 7, 20}) {
      CAPTURE(S);
      CAPTURE(degree);
      // The claim bounds a minimum over [-S, S] of e^s by e^{-S}: away from the sharp end by at most e^{2S}.
      CHECK(largest_share(chebyshev_polynomial(S, degree)) >
            0.2 * std::exp(-2 * S) * (degree > 12 ? 0.01 : 1));
    }
  }
}

TEST_CASE("the distance of moment polynomials is within the claim which is reached at S") {
  for (const double S : {0.25, 1.0, 3.5}) {
    for (const double inner : {0.0, 0.1, 0.5, 0.9, 1.0}) {
      for (const Index degree : {1, 2, 3, 5, 6}) {
        for (Index moment = 2; moment <= degree + (inner > 0 ? 2 : 1); moment += 2) {
          CAPTURE(S);
          CAPTURE(inner);
          CAPTURE(degree);
          CAPTURE(moment);
          const ScorePolynomial polynomial = moment_polynomial(S, inner * S, degree, moment);
          CHECK(polynomial.degree() == degree);
          CHECK(polynomial.moment == moment);
          CHECK((polynomial.absolute == 0) == (inner == 0));
          // Where the moment's power is above the polynomial's, the claim may be reached before S.
          const double share = largest_share(polynomial);
          CHECK(share > (moment <= degree + 1 ? 0.999 : 0.7));
        }
      }
    }
  }
}

TEST_CASE("the power's coefficient is near the largest quotient where that is inside the range") {
  // Degree 4, moment 6: (F(x) - F(r))/x^6 is largest between r and S.
  const WorkingPrecision scope(256);
  const double S = 2, inner = 0.6;
  const ScorePolynomial polynomial = moment_polynomial(S, inner, 4, 6);
  double largest = 0;
  for (int i = 0; i <= 400; ++i) {
    const Interval x(inner + (S - inner) * i / 400);
    const Interval rest = exp(x) - value(polynomial, x) - Interval(polynomial.absolute);
    largest = std::max(largest, (rest / power(x, 6UL)).upper_double());
  }
  CHECK(polynomial.per_moment >= largest * (1 - 1e-9));
  CHECK(polynomial.per_moment <= largest * 1.05);
}

TEST_CASE("monomials: the multinomial theorem - exactly") {
  for (const Index d : {1, 2, 3, 5}) {
    for (const Index degree : {0, 1, 2, 6}) {
      const Monomials monomials(d, degree);
      CHECK(static_cast<double>(monomials.count()) == monomial_count(d, degree));
      RandomNumbers random(2);
      std::vector<Rational> q, k;
      Rational product = 0;
      for (Index c = 0; c < d; ++c) {
        q.push_back(random.rational(-2, 2));
        k.push_back(random.rational(-2, 2));
        product += q.back() * k.back();
      }
      std::vector<Rational> of_q = {1}, of_k = {1};
      Index a = 1;
      for (Index l = 0; l <= degree; ++l) {
        Rational sum = l == 0 ? 1 : 0;
        for (; a < monomials.end[static_cast<std::size_t>(l)]; ++a) {
          const auto at = static_cast<std::size_t>(a);
          const auto parent = static_cast<std::size_t>(monomials.parent[at]);
          const auto variable = static_cast<std::size_t>(monomials.variable[at]);
          of_q.push_back(of_q[parent] * q[variable]);
          of_k.push_back(of_k[parent] * k[variable]);
          sum += Rational(monomials.multinomial[at]) * of_q.back() * of_k.back();
        }
        Rational expected = 1;
        for (Index i = 0; i < l; ++i) expected *= product;
        CHECK(sum == expected);
      }
    }
  }
}

#include <promptbound/attention/choice/cost_model.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/attention/choice/polynomial_attention.hpp>
#include <promptbound/attention/cholesky/cholesky.hpp>

using namespace promptbound;

TEST_CASE("rates are measured once for a shape and positive") {
  const Calibration& rates = calibration<float>(3, 2);
  CHECK(&calibration<float>(3, 2) == &rates);
  CHECK(&calibration<double>(3, 2) != &rates);
  for (const double rate : {rates.exact_pair, rates.running_pair, rates.monomial, rates.pivot}) {
    CHECK(rate > 0);
    CHECK(std::isfinite(rate));
  }
  CHECK(rates.token >= 0);
  CHECK(calibration<double>(200, 1).monomial > 0);  // degree 2 would have more monomials than are measured
}

TEST_CASE("expected times follow the pairs that queries see and the tokens times the work") {
  const Calibration rates{2, 5, 7, 11, 13};
  AttentionArrays<double> arrays;
  arrays.n = arrays.m = 10;
  arrays.prompt = 3;
  CHECK(expected_exact(arrays, rates, Rounding::prior, 1) == 10 * 13 * 2);
  CHECK(expected_exact(arrays, rates, Rounding::running, 1) == 10 * 13 * 5);
  PolynomialWork work;
  work.add(23, 4);
  CHECK(expected_polynomial(arrays, rates, work, 1) == 23 * (7 + 11 * 4));
  work.add(1, 3000);
  CHECK(expected_polynomial(arrays, rates, work, 1) == 23 * (7 + 11 * 4) + 7 + 11 * 3000);
  arrays.mask = Mask::causal;
  double pairs = 0;
  for (Index i = 0; i < arrays.n; ++i) pairs += static_cast<double>(arrays.visible(i));
  CHECK(expected_exact(arrays, rates, Rounding::prior, 1) == pairs * 2);
}

TEST_CASE("the work of a polynomial counts the monomials of its even moment") {
  CHECK(polynomial_work(2, 1, 3, 0) == 10);
  // Degree 1 in 2 variables: 3 monomials are made and multiplied with 2 columns, 3 with one.
  CHECK(polynomial_work(2, 1, 1, 2) == (3 * (1 + 2) + 3) / 3.0);
  // The moment of an even degree is there, but is multiplied on its own.
  CHECK(polynomial_work(2, 1, 2, 2) == (6 * (1 + 2) + 3) / 3.0);
}

TEST_CASE("the rank that pays grows with what the other method takes and is refused where that is little") {
  const Calibration rates{1, 1, 1, 1, 1e-3};
  AttentionArrays<float> arrays;
  arrays.n = arrays.m = 4096;
  arrays.d = arrays.d_v = 8;
  Index last = 0;
  for (double seconds = 1; seconds < 1e9; seconds *= 2) {
    const PivotLimits limits = worthwhile_ranks(arrays, rates, seconds, 1);
    CHECK(limits.most >= last);
    CHECK(limits.sure <= limits.most);
    if (limits.most > 0) CHECK(expected_cholesky(arrays, rates, limits.most, 1) <= seconds);
    last = limits.most;
  }
  CHECK(worthwhile_ranks(arrays, rates, 1, 1).most == 0);
  CHECK(last == max_cholesky_rank);
}

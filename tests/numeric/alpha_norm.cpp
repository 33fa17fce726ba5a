#include <doctest/doctest.h>

#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE("the grid is the least k with C n^(1/alpha) < 2 k eps also where it is met exactly") {
  // alpha = a/b: C n^(b/a) < 2 k eps iff C^a n^b < (2 k eps)^a, in integers.
  RandomNumbers random(41);
  for (int trial = 0; trial < 300; ++trial) {
    const unsigned long b = static_cast<unsigned long>(random.integer(1, 3));
    const unsigned long a = b + static_cast<unsigned long>(random.integer(0, 5));
    const Number alpha(Rational(a, b));
    const Integer n = random.integer(1, 30);
    const Rational C(random.integer(1, 40), random.integer(1, 7));
    const Rational eps(1, random.integer(1, 100));
    const Integer k = least_grid(C, n, alpha, eps);
    const auto suffices = [&](const Integer& cells) {
      return power(C, a) * power(n, b) < power(Rational(2 * cells * eps), a);
    };
    CHECK(suffices(k));
    CHECK_FALSE((k > 1 && suffices(Integer(k - 1))));
  }
  CHECK(least_grid(1, 4, Number(Rational(2)), Rational(1, 10)) == 11);  // 2/(1/5) = 10 exactly
  CHECK(least_grid(1, 7, Number::infinity(), Rational(1, 10)) == 6);
  CHECK(least_grid(0, 7, Number::infinity(), Rational(1, 10)) == 1);
}

TEST_CASE("norms of vectors agree with exact powers") {
  const WorkingPrecision scope(120);
  Matrix<Interval> x(2, 1);
  x << Interval(-3), Interval(4);
  CHECK(alpha_norm(x, Number(Rational(1))).contains(Rational(7)));
  CHECK(alpha_norm(x, Number(Rational(2))).contains(Rational(5)));
  CHECK(alpha_norm(x, Number::infinity()).contains(Rational(4)));
  // (3^3/2 + 4^3/2)^2/3 = (sqrt 27 + 8)^2/3, whose 3/2-th power is sqrt 27 + 8.
  const Interval norm = alpha_norm(x, Number(Rational(3, 2)));
  CHECK(intersection(nonnegative_power(norm, Rational(3, 2)), sqrt(Interval(27)) + Interval(8)).is_finite());
  CHECK(norm.is_relatively_tight(100));
  CHECK(nonnegative_power(hull(Interval(0), Interval(4)), Rational(3, 2)).contains(Rational(0)));
  CHECK(nonnegative_power(hull(Interval(0), Interval(4)), Rational(3, 2)).contains(Rational(8)));
  CHECK(norm_factor(8, Number(Rational(3))).contains(Rational(2)));
  CHECK(exact_norm_factor(8, Number(Rational(3, 2))) == Rational(4));
  CHECK_FALSE(exact_norm_factor(8, Number(Rational(2))).has_value());
}

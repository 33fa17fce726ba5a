#include <doctest/doctest.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/softmax.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE_TEMPLATE("the first weight of scores [-20.7 - 0] and -20.7 ranges over [1/2 - 1/(1 + e^-20.7)]",
                   Scalar, FastInterval, Interval) {
  const Scalar low = from_rational<Scalar>(Rational(-207, 10));
  Vector<Scalar> scores(2);
  scores << hull(low, Scalar(0)), low;
  const Vector<Scalar> weights = softmax(scores);
  const auto contains = [](const Scalar& x, const Rational& point) { return x.contains(point); };
  CHECK(contains(weights(0), Rational(1, 2)));
  CHECK(contains(weights(0), Rational(1) - Rational(1, 900000000)));
  CHECK_FALSE(contains(weights(0), Rational(49, 100)));
  CHECK_FALSE(contains(weights(0), Rational(1)));
  CHECK(contains(weights(1), Rational(1, 2)));
  CHECK_FALSE(contains(weights(1), Rational(51, 100)));
}

TEST_CASE_TEMPLATE("the same scores without rounding slack give exactly one half", Scalar, double, Real,
                   Rational) {
  Vector<Scalar> scores = Vector<Scalar>::Constant(2, from_rational<Scalar>(Rational(-207, 10)));
  CHECK(softmax(scores)(0) == from_rational<Scalar>(Rational(1, 2)));
}

TEST_CASE("rational softmax is exact for equal scores and refuses others") {
  const Vector<Rational> equal = Vector<Rational>::Constant(7, Rational(22, 7));
  for (Index k = 0; k < 7; ++k) CHECK(softmax(equal)(k) == Rational(1, 7));
  Vector<Rational> other(2);
  other << Rational(0), Rational(-1, 3);
  CHECK_THROWS_WITH_AS(
      static_cast<void>(softmax(other)),
      "exact arithmetic: the exponential of -1/3 is not rational (accepted: scores that are all "
      "equal; otherwise use another scalar)",
      InputError);
}

TEST_CASE_TEMPLATE("weights enclose those of random points and sum to 1", Scalar, FastInterval, Interval) {
  RandomNumbers random(3);
  for (int trial = 0; trial < 200; ++trial) {
    const Index count = random.integer(1, 6);
    Vector<Scalar> scores(count);
    Vector<Rational> point(count);
    for (Index k = 0; k < count; ++k) {
      const Rational low = random.rational(-30, 30);
      const Rational high = low + random.rational(0, 3);
      scores(k) = hull(from_rational<Scalar>(low), from_rational<Scalar>(high));
      point(k) = random.rational(low, high);
    }
    const Vector<Scalar> weights = softmax(scores);
    Interval sum(0);
    for (Index k = 0; k < count; ++k) {
      // The textbook form, at a precision where its cancellation does no harm.
      const WorkingPrecision scope(300);
      Interval total(0);
      for (Index j = 0; j < count; ++j) total += exp(Interval(point(j)));
      CHECK(intersection(Interval(weights(k)), exp(Interval(point(k))) / total).is_finite());
      sum += Interval(weights(k));
    }
    CHECK(sum.contains(Rational(1)));
  }
}

TEST_CASE("scores that overflow leave every weight unknown in [0 - 1] - a lone score has weight 1") {
  Vector<FastInterval> scores(2);
  scores << FastInterval::whole_line(), FastInterval(1);
  CHECK(softmax(scores)(1).lower() == 0);
  CHECK(softmax(scores)(1).upper() == 1);
  const Vector<FastInterval> lone = scores.head(1);
  CHECK(softmax(lone)(0).lower() == 1);
  scores << FastInterval(-5000), FastInterval(0);  // e^-5000 underflows
  CHECK(softmax(scores)(0).lower() == 0);
  CHECK(softmax(scores)(0).upper() > 0);
  CHECK(softmax(scores)(1).upper() == 1);
}

#include <doctest/doctest.h>

#include <promptbound/numeric/elementary.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// The enclosures of one value at two precisions and the uncertified ones, for the same rational argument.
template <class Function>
void check_nested(const Function& of) {
  const WorkingPrecision coarse(64);
  const FastInterval fast = of.template operator()<FastInterval>();
  const Interval certified = of.template operator()<Interval>();
  const double plain = of.template operator()<double>();
  const WorkingPrecision fine(200);
  const Interval tight = of.template operator()<Interval>();
  const Real precise = of.template operator()<Real>();
  CHECK(Interval(fast).contains(tight));
  CHECK(certified.contains(tight));
  CHECK(certified.contains(static_cast<Rational>(precise)));
  CHECK(tight.upper() - tight.lower() <= Rational(1, power(Integer(10), 50UL)));
  CHECK(abs(Rational(Rational(plain) - tight.lower())) <= Rational(1, 100000000));
}

}  // namespace

TEST_CASE("roots - squares - powers and sines of one number in every scalar") {
  RandomNumbers random(2601);
  for (int trial = 0; trial < 200; ++trial) {
    const Rational x = random.rational(-8, 8), positive = random.rational(Rational(1, 100), 8);
    const Rational exponent(random.integer(-5, 5), random.integer(1, 7));
    check_nested([&]<class S>() { return square_root(from_rational<S>(positive)); });
    check_nested([&]<class S>() { return squared(from_rational<S>(x)); });
    check_nested([&]<class S>() { return real_power<S>(positive, exponent); });
    check_nested([&]<class S>() { return sine_cosine(from_rational<S>(x)).sine; });
    check_nested([&]<class S>() { return sine_cosine(from_rational<S>(x)).cosine; });
  }
}

TEST_CASE("an interval of both signs has a square that is not negative") {
  const FastInterval fast = squared(FastInterval(-2, 3));
  CHECK(fast.lower() == 0);
  CHECK(fast.contains(Rational(9)));
  CHECK(squared(Interval(Interval(-2), Interval(3))).lower() == 0);
}

TEST_CASE("rational values are exact and others are refused") {
  CHECK(square_root(Rational(4, 9)) == Rational(2, 3));
  CHECK(square_root(Rational(0)) == 0);
  CHECK_THROWS_AS(static_cast<void>(square_root(Rational(2))), InputError);
  CHECK_THROWS_AS(static_cast<void>(square_root(Rational(-4))), InputError);
  CHECK(real_power<Rational>(100, Rational(-1, 2)) == Rational(1, 10));
  CHECK(real_power<Rational>(7, 0) == 1);
  CHECK_THROWS_AS(static_cast<void>(real_power<Rational>(10, Rational(1, 2))), InputError);
  CHECK(sine_cosine(Rational(0)).sine == 0);
  CHECK(sine_cosine(Rational(0)).cosine == 1);
  CHECK_THROWS_AS(static_cast<void>(sine_cosine(Rational(1))), InputError);
}

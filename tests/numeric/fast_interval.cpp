#include <arb.h>
#include <doctest/doctest.h>

#include <limits>

#include <promptbound/numeric/fast_interval.hpp>
#include <promptbound/numeric/precision.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// Is e^x in the interval, by Arb?
bool encloses_exp(const FastInterval& interval, double x) {
  arb_t exact, lower, upper;
  arb_init(exact);
  arb_init(lower);
  arb_init(upper);
  arb_set_d(exact, x);
  arb_exp(exact, exact, 200);
  arb_set_d(lower, interval.lower());
  arb_set_d(upper, interval.upper());
  const bool inside = arb_le(lower, exact) != 0 && arb_le(exact, upper) != 0;
  arb_clear(exact);
  arb_clear(lower);
  arb_clear(upper);
  return inside;
}

double random_double(RandomNumbers& random, int low_exponent, int high_exponent) {
  const double mantissa = static_cast<double>(random.integer(-(1L << 53), 1L << 53)) * 0x1p-53;
  return std::ldexp(mantissa, static_cast<int>(random.integer(low_exponent, high_exponent)));
}

}  // namespace

TEST_CASE("exp encloses what Arb computes and is tight") {
  RandomNumbers random(19);
  for (int i = 0; i < 200000; ++i) {
    const double x = random_double(random, -60, 10);
    const FastInterval y = exp(FastInterval(x));
    REQUIRE(encloses_exp(y, x));
    if (x > -708 && x < 709) REQUIRE(y.upper() - y.lower() <= 0x1p-47 * y.lower());
  }
  for (double x : {0.0, -0.0, 1e-320, 0.34657359027997264, 709.0, 709.5, 710.0, -708.0, -708.5, -745.2, -1e9,
                   1e9, 0.5 * 0.6931471805599453, 1023 * 0.6931471805599453}) {
    CAPTURE(x);
    CHECK(encloses_exp(exp(FastInterval(x)), x));
  }
  const FastInterval line = exp(FastInterval::whole_line());
  CHECK(line.lower() == 0);
  CHECK(line.upper() == std::numeric_limits<double>::infinity());
}

TEST_CASE("arithmetic encloses the exact results on random points of the operands") {
  RandomNumbers random(23);
  for (int i = 0; i < 20000; ++i) {
    const int exponents = i % 2 == 0 ? 20 : 1000;  // the latter overflow and underflow
    const double ends[] = {
        random_double(random, -exponents, exponents), random_double(random, -exponents, exponents),
        random_double(random, -exponents, exponents), random_double(random, -exponents, exponents)};
    const FastInterval a(std::min(ends[0], ends[1]), std::max(ends[0], ends[1]));
    const FastInterval b(std::min(ends[2], ends[3]), std::max(ends[2], ends[3]));
    const Rational x = random.rational(Rational(a.lower()), Rational(a.upper()));
    const Rational y = random.rational(Rational(b.lower()), Rational(b.upper()));
    REQUIRE((a + b).contains(Rational(x + y)));
    REQUIRE((a - b).contains(Rational(x - y)));
    REQUIRE((a * b).contains(Rational(x * y)));
    if (y != 0) REQUIRE((a / b).contains(Rational(x / y)));
    REQUIRE(min(a, b).contains(x < y ? x : y));
    REQUIRE(max(a, b).contains(x < y ? y : x));
    REQUIRE(abs(a).contains(Rational(abs(x))));
    REQUIRE(FastInterval(x).contains(x));
  }
}

TEST_CASE("a step passes the neighbouring double - subnormal numbers included") {
  RandomNumbers random(29);
  const double infinity = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 100000; ++i) {
    const double x = random_double(random, i % 2 == 0 ? -1074 : -40, i % 2 == 0 ? -1010 : 40);
    REQUIRE(step_up(x) >= std::nextafter(x, infinity));
    REQUIRE(step_down(x) <= std::nextafter(x, -infinity));
  }
  CHECK(step_up(std::numeric_limits<double>::max()) == infinity);
}

TEST_CASE("sums that are exact stay points - what is undefined or overflows is the whole line") {
  const FastInterval three = FastInterval(1) + FastInterval(2);
  CHECK(three.lower() == 3);
  CHECK(three.upper() == 3);
  const FastInterval tenth(Rational(1, 10));
  CHECK(tenth.lower() < tenth.upper());
  CHECK((tenth * FastInterval(0)).upper() == 0);
  const FastInterval huge(1e308);
  CHECK((huge + huge).upper() == std::numeric_limits<double>::infinity());
  CHECK_FALSE((huge * huge).is_finite());
  CHECK_FALSE((FastInterval(1) / FastInterval(-1.0, 1.0)).is_finite());
  CHECK_FALSE((FastInterval::whole_line() * FastInterval(0)).is_finite());
  CHECK_FALSE((FastInterval::whole_line() - FastInterval::whole_line()).is_finite());
}

TEST_CASE("a product of interval ends where rounding to nearest is wrong: 0.1 * 10 is not 1") {
  // The double nearest to 1/10 times 10 rounds to exactly 1, which it is not.
  CHECK(0.1 * 10 == 1.0);
  CHECK((FastInterval(0.1) * FastInterval(10)).contains(Rational(Rational(0.1) * 10)));
  CHECK(FastInterval(Rational(1, 10)).contains(Rational(1, 10)));
}

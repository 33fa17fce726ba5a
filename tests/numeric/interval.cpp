#include <promptbound/numeric/interval.hpp>

#include <arb.h>
#include <doctest/doctest.h>
#include <flint/fmpq.h>

#include <cmath>
#include <random>

#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/precision.hpp>

using namespace promptbound;

namespace {

Rational random_rational(std::mt19937_64& random, long scale) {
  const auto top = static_cast<long>(random() % static_cast<unsigned long>(2 * scale * 1000)) - scale * 1000;
  return Rational(Integer(top), Integer(static_cast<long>(random() % 999) + 1));
}

/// Does our enclosure of a function at x meet Arb's? Both contain the true value, so disjoint ones convict
/// one of them.
template <class Arb, class Ours>
void check_meets_arb(const Rational& x, Arb arb_function, Ours ours) {
  CAPTURE(x.str());
  arb_t value;
  arb_init(value);
  fmpq_t exact;
  fmpq_init(exact);
  fmpq_set_str(exact, x.str().c_str(), 10);
  arb_set_fmpq(value, exact, 600);
  arb_function(value, value, 500);
  const Interval enclosure = ours(Interval(x));
  arf_t lower, upper;
  arf_init(lower);
  arf_init(upper);
  arb_get_lbound_arf(lower, value, 500);
  arb_get_ubound_arf(upper, value, 500);
  mpfr_t end;
  mpfr_init2(end, 600);
  arf_get_mpfr(end, lower, MPFR_RNDD);
  CHECK(mpfr_lessequal_p(&enclosure.get()->left, end) != 0);
  arf_get_mpfr(end, upper, MPFR_RNDU);
  CHECK(mpfr_greaterequal_p(&enclosure.get()->right, end) != 0);
  CHECK(enclosure.is_relatively_tight(working_precision() - 24));
  mpfr_clear(end);
  arf_clear(lower);
  arf_clear(upper);
  fmpq_clear(exact);
  arb_clear(value);
}

}  // namespace

TEST_CASE("elementary functions contain Arb's 500-bit values and are tight") {
  std::mt19937_64 random(2);
  for (const long bits : {53L, 113L, 200L}) {
    const WorkingPrecision scope(bits);
    for (int i = 0; i < 100; ++i) {
      const Rational x = random_rational(random, 20);
      const Rational positive = abs(x) + Rational(1, 1000);
      check_meets_arb(positive, arb_log, [](const Interval& y) { return log(y); });
      check_meets_arb(positive, arb_sqrt, [](const Interval& y) { return sqrt(y); });
      check_meets_arb(positive, arb_log1p, [](const Interval& y) { return log1p(y); });
      check_meets_arb(positive, arb_expm1, [](const Interval& y) { return expm1(y); });
      check_meets_arb(x, arb_exp, [](const Interval& y) { return exp(y); });
      check_meets_arb(
          positive,
          [](arb_t y, const arb_t z, slong p) {
            arb_root_ui(y, z, 5, p);
            arb_pow_ui(y, y, 3, p);
          },
          [](const Interval& y) { return power(y, Rational(3, 5)); });
      check_meets_arb(
          positive, [](arb_t y, const arb_t z, slong p) { arb_root_ui(y, z, 101, p); },
          [](const Interval& y) { return power(y, Rational(1, 101)); });
    }
  }
}

TEST_CASE("arithmetic on intervals contains the exact results of random points") {
  std::mt19937_64 random(3);
  for (const long bits : {24L, 53L, 160L}) {
    const WorkingPrecision scope(bits);
    for (int i = 0; i < 500; ++i) {
      const Rational a = random_rational(random, 5);
      const Rational b = random_rational(random, 5);
      const Interval x = hull(Interval(a), Interval(random_rational(random, 5)));
      const Interval y = hull(Interval(b), Interval(random_rational(random, 5)));
      CHECK((x + y).contains(a + b));
      CHECK((x - y).contains(a - b));
      CHECK((x * y).contains(a * b));
      if (b != 0) CHECK((x / y).contains(a / b));
      CHECK(square(x).contains(a * a));
      CHECK(power(x, 3UL).contains(a * a * a));
      CHECK(power(x, 4UL).contains(a * a * a * a));
      CHECK(abs(x).contains(abs(a)));
      CHECK(min(x, y).contains(a < b ? a : b));
      CHECK(max(x, y).contains(a < b ? b : a));
      CHECK((-x).contains(-a));
    }
  }
}

TEST_CASE("comparisons of overlapping intervals are not certain whatever is asked") {
  const Interval low(Interval(0), Interval(2));
  const Interval high(Interval(1), Interval(3));
  CHECK_FALSE(certainly_less(low, high));
  CHECK_FALSE(certainly_less(high, low));
  CHECK_FALSE(certainly_less_equal(low, high));
  CHECK(certainly_less(Interval(1), Interval(2)));
  CHECK(certainly_less_equal(Interval(2), Interval(2)));
}

TEST_CASE("what is undefined is the whole line and stays unknown") {
  for (const Interval& undefined :
       {log(Interval(-1)), log(Interval(Interval(-1), Interval(2))), log1p(Interval(-2)), sqrt(Interval(-1)),
        Interval(0) / Interval(0), Interval(1) / Interval(0), Interval(std::nan("")),
        power(Interval(Interval(-1), Interval(4)), Rational(1, 2)),
        nonnegative_power(Interval(-1), Rational(1, 2))}) {
    CHECK(undefined.contains(Interval::whole_line()));
    CHECK_FALSE(certainly_less(undefined, Interval(1)));
    CHECK_FALSE(certainly_less_equal(Interval(0), undefined));
    CHECK_FALSE((undefined * Interval(0)).is_finite());
    CHECK_FALSE(min(undefined, Interval(0)).is_finite());
    CHECK_FALSE(max(Interval(0), undefined).is_finite());
    CHECK_THROWS_AS((void)undefined.upper(), std::domain_error);
  }
}

TEST_CASE("bounds that contradict each other are an error not exchanged") {
  CHECK_THROWS_AS(Interval(Interval(1), Interval(0)), std::logic_error);
  CHECK_THROWS_AS((void)intersection(Interval(0), Interval(1)), std::logic_error);
  CHECK(Interval(Interval(Rational(1, 3)), Interval(Rational(1, 3))).contains(Rational(1, 3)));
}

TEST_CASE("a decimal fraction that binary64 misses is enclosed where a double is wrong") {
  const Interval tenth(Rational(1, 10));
  CHECK(tenth.contains(Rational(1, 10)));
  CHECK_FALSE(Interval(0.1).contains(Rational(1, 10)));
  CHECK(tenth.lower_double() <= 0.1);
  CHECK(tenth.upper_double() >= 0.1);
}

TEST_CASE("a copy keeps every bit - results take the precision of their scope") {
  Interval fine;
  {
    const WorkingPrecision scope(500);
    fine = Interval(Rational(1, 3));
  }
  const Interval copy = fine;
  CHECK(copy.is_relatively_tight(490));
  CHECK(working_precision() == 53);
  CHECK_FALSE((copy + Interval(0)).is_relatively_tight(60));
}

#include <promptbound/numeric/power_product.hpp>

#include <doctest/doctest.h>

#include <random>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/precision.hpp>

using namespace promptbound;

namespace {

Rational tiny(unsigned long exponent) { return {Integer(1), power(Integer(10), exponent)}; }

}  // namespace

TEST_CASE("logarithms of rationals near 1 are relatively accurate and contain the exact value") {
  for (const long bits : {53L, 200L, 2000L}) {
    const WorkingPrecision scope(bits);
    for (const unsigned long exponent : {1UL, 40UL, 5000UL, 99999UL}) {
      for (const Rational& x : {Rational(1 + tiny(exponent)), Rational(1 - tiny(exponent))}) {
        const Interval ln = log_rational(x);
        CHECK(ln.is_relatively_tight(bits - 4));
        // t - t^2 < |ln(1 +- t)| < t + t^2 for t <= 1/10
        const Rational t = tiny(exponent);
        const Interval size = abs(ln);
        CHECK(certainly_less_equal(Interval(Rational(t - t * t)).lower_point(), size.upper_point()));
        CHECK(certainly_less_equal(size.lower_point(), Interval(Rational(t + t * t)).upper_point()));
        CHECK(certainly_positive(ln) == (x > 1));
      }
    }
    CHECK(log_rational(Rational(1)).contains(Rational(0)));
    CHECK(log_rational(Rational(1)).is_point());
    CHECK(intersection(log_rational(Rational(7, 2)), log(Interval(7)) - log(Interval(2))).is_finite());
  }
}

TEST_CASE("products are compared with whole numbers exactly") {
  // 3 2^{1/alpha}, alpha = 10^50000: above 3 by about 10^-50000.
  const PowerProduct above = PowerProduct().times(3).times_root(2, tiny(50000));
  CHECK(compare(above, 3) == 1);
  CHECK(compare(above, 4) == -1);
  CHECK(floor(above) == 3);
  CHECK(ceil(above) == 4);
  // 8^{2/3}/2 = 2 exactly, and 9^{1/2} 10^-1 30 = 9.
  const PowerProduct two = PowerProduct().times(Rational(1, 2)).times_root(8, Rational(2, 3));
  CHECK(compare(two, 2) == 0);
  CHECK(floor(two) == 2);
  CHECK(ceil(two) == 2);
  CHECK(compare(PowerProduct().times(Rational(3)).times_root(9, Rational(1, 2)), 9) == 0);
  // A power of a number that is too long to be written as a fraction: (3 - 10^-99999)^16 < 3^16.
  const PowerProduct power_below = PowerProduct().times(3 - tiny(99999), 16);
  CHECK(floor(power_below) == power(Integer(3), 16) - 1);
  CHECK(ceil(power_below) == power(Integer(3), 16));
  CHECK(compare(above, 0) == 1);
}

TEST_CASE("floors and ceilings of roots agree with integer arithmetic") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 300; ++i) {
    const Integer top(1 + random() % 1000000), bottom(1 + random() % 1000);
    const Integer n(1 + random() % 60);
    const unsigned long p = 1 + random() % 5, q = 1 + random() % 3;
    const PowerProduct x =
        PowerProduct().times(Rational(top, bottom)).times_root(Rational(n), Rational(q, p));
    const Integer below = floor(x);
    // below <= x iff (below bottom)^p <= top^p n^q
    const auto is_at_most_x = [&](const Integer& k) {
      return power(Integer(k * bottom), p) <= power(top, p) * power(n, q);
    };
    CHECK(is_at_most_x(below));
    CHECK_FALSE(is_at_most_x(below + 1));
    const bool is_whole = power(Integer(below * bottom), p) == power(top, p) * power(n, q);
    CHECK(ceil(x) == (is_whole ? below : Integer(below + 1)));
    CHECK(*least_above(x).exact() == below + 1);
  }
}

TEST_CASE("whole numbers beyond writing are known by their logarithm whatever is made of them") {
  const PowerProduct huge = least_above(PowerProduct().times(10, 200000).times_root(2, Rational(1, 2)));
  CHECK_FALSE(huge.is_writable());
  CHECK_FALSE(huge.exact().has_value());
  const WorkingPrecision scope(400);
  const Interval expected = Interval(200000) * log(Interval(10)) + log(Interval(2)) / Interval(2);
  CHECK(intersection(huge.log(), expected).is_finite());
  CHECK(huge.log().is_relatively_tight(390));
  const PowerProduct cube = huge.raised(3).times(Rational(1, 7));
  CHECK(intersection(cube.log(), Interval(3) * expected - log(Interval(7))).is_finite());
  const Quantity shown = quantity(cube, 40);
  CHECK(std::get<Magnitude>(shown.value()).log10.is_relatively_tight(130));
  // Below 1 the whole number is 1, however small the product.
  CHECK(*least_above(PowerProduct().times(10, -200000)).exact() == 1);
  CHECK(*rounded_up(PowerProduct().times(10, -200000)).exact() == 1);
  CHECK(std::get<Integer>(ceil_quantity(PowerProduct().times(10, -200000), 40).value()) == 1);
}

TEST_CASE("an integer is written out while it has at most 100000 digits") {
  CHECK(std::holds_alternative<Integer>(whole_quantity(power(Integer(10), 100000) - 1, 40).value()));
  const Quantity longer = whole_quantity(power(Integer(10), 100000) + 1, 40);
  const Interval& log10 = std::get<Magnitude>(longer.value()).log10;
  CHECK(log10.contains(Rational(100000)));
}

TEST_CASE("quantities of any size are ordered") {
  const Quantity five(Integer(5)), six(Integer(6)), half(Rational(1, 2));
  const Quantity huge(Magnitude{Interval(200000)});
  const Quantity text(std::string("no length suffices"));
  CHECK(certainly_less_equal(five, six));
  CHECK(certainly_less_equal(five, five));
  CHECK_FALSE(certainly_less_equal(six, five));
  CHECK(certainly_less_equal(half, five));
  CHECK(certainly_less_equal(six, huge));
  CHECK_FALSE(certainly_less_equal(huge, six));
  CHECK_FALSE(certainly_less_equal(text, six));
  CHECK(certainly_less_equal(huge, Quantity(PowerTower{Interval(6)})));
}

TEST_CASE("whole parts by machine words agree with integer arithmetic up to the largest words") {
  std::mt19937_64 random(23);
  const auto up_to = [&](unsigned bits) { return Integer(1 + (random() >> (64 - bits))); };
  long decided = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto bits = 1 + static_cast<unsigned>(random() % 24);
    Rational x(up_to(bits), up_to(1 + static_cast<unsigned>(random() % 16)));
    const Rational y(up_to(1 + static_cast<unsigned>(random() % 16)),
                     up_to(1 + static_cast<unsigned>(random() % 16)));
    Integer n = up_to(1 + static_cast<unsigned>(random() % 39));
    if (random() % 4 == 0) {  // whole numbers, and their neighbours
      const Integer root = up_to(12);
      n = root * root;
      x = y * Rational(up_to(4), up_to(2));
    }
    for (const Number& alpha : {Number(Rational(1)), Number(Rational(2)), Number::infinity()}) {
      const auto whole = whole_part_in_words(x, y, n, alpha);
      if (!whole) continue;
      ++decided;
      const unsigned long order = alpha == Number(Rational(2)) ? 2 : 1;
      const Rational power_of_x = power(Rational(x / y), order) * (alpha.infinite ? Integer(1) : n);
      const Integer below(whole->floor);
      CHECK(power(below, order) <= power_of_x);
      CHECK(power(Integer(below + 1), order) > power_of_x);
      CHECK(whole->is_whole == (power(below, order) == power_of_x));
    }
  }
  CHECK(decided > 10000);
  // Beyond the words, and where no words are meant.
  const Rational large(Integer(1) << 40);
  CHECK_FALSE(whole_part_in_words(large, 1, 1, Number::infinity()).has_value());
  CHECK_FALSE(whole_part_in_words(1, large, 1, Number::infinity()).has_value());
  CHECK_FALSE(whole_part_in_words(1, 1, Integer(1) << 40, Number::infinity()).has_value());
  CHECK_FALSE(whole_part_in_words(1, 1, 5, Number(Rational(3))).has_value());
  CHECK_FALSE(whole_part_in_words(-1, 1, 5, Number(Rational(2))).has_value());
  const Rational most((Integer(1) << 39) - 1);
  CHECK(whole_part_in_words(most, 1, (Integer(1) << 40) - 1, Number(Rational(2)))->floor ==
        floor_root(Integer(numerator(most) * numerator(most) * ((Integer(1) << 40) - 1)), 2));
}

TEST_CASE("powers of whole numbers are exact up to what is written out and magnitudes beyond") {
  CHECK(power_quantity(7, 3, 2, 40).exact() == "686");
  CHECK(power_quantity(1, Integer(1) << 70, 5, 40).exact() == "5");
  CHECK(power_quantity(10, 99999, 1, 40).exact().size() == 100000);
  CHECK(std::holds_alternative<Magnitude>(power_quantity(10, 100000, 1, 40).value()));
  CHECK(std::get<Integer>(power_quantity(3, 5000, 7, 40).value()) == 7 * power(Integer(3), 5000));
  CHECK(std::get<Integer>(power_quantity(3, 50000, 7, 40).value()) == 7 * power(Integer(3), 50000));
}

#include <promptbound/numeric/decimal.hpp>

#include <doctest/doctest.h>

#include <random>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/precision.hpp>

using namespace promptbound;

TEST_CASE("rationals are rounded in the direction asked for") {
  CHECK(decimal(Rational(1, 3), 5, Direction::down) == "0.33333");
  CHECK(decimal(Rational(1, 3), 5, Direction::up) == "0.33334");
  CHECK(decimal(Rational(-1, 3), 5, Direction::down) == "-0.33334");
  CHECK(decimal(Rational(-1, 3), 5, Direction::up) == "-0.33333");
  CHECK(decimal(Rational(999999), 3, Direction::up) == "1000000");
  CHECK(decimal(Rational(1, 10), 3, Direction::up) == "0.1");
  CHECK(decimal(Rational(Integer(1), power(Integer(10), 30)), 3, Direction::down) == "1e-30");
  CHECK(decimal(Rational(0), 3, Direction::up) == "0");
}

TEST_CASE("printed ends enclose: text read back is never inside the number") {
  std::mt19937_64 random(4);
  for (int i = 0; i < 2000; ++i) {
    const auto scale = static_cast<unsigned long>(random() % 60);
    Rational x(Integer(random()) - Integer(random()), Integer(random() | 1U));
    x = random() % 2 == 0 ? Rational(x * power(Integer(10), scale)) : Rational(x / power(Integer(10), scale));
    const long digits = static_cast<long>(random() % 30) + 2;
    CAPTURE(x.str());
    CHECK(parse_number(decimal(x, digits, Direction::down))->value <= x);
    CHECK(parse_number(decimal(x, digits, Direction::up))->value >= x);
    for (const Direction direction : {Direction::down, Direction::up})
      CHECK(rounded(x, digits, direction) == parse_number(decimal(x, digits, direction))->value);
    const Interval enclosure(x);
    CHECK(parse_number(lower_decimal(enclosure, digits))->value <= enclosure.lower());
    CHECK(parse_number(upper_decimal(enclosure, digits))->value >= enclosure.upper());
  }
}

TEST_CASE("powers of ten beyond every exponent range are printed from their logarithm") {
  const WorkingPrecision scope(300);
  const Interval log10_value(Rational(Integer(12345678901234567LL), Integer(10)));
  const std::string lower = power_of_ten_decimal(log10_value, 10, Direction::down);
  const std::string upper = power_of_ten_decimal(log10_value, 10, Direction::up);
  // 10^0.7 = 5.01187233627...
  CHECK(lower == "5.011872336e+1234567890123456");
  CHECK(upper == "5.011872337e+1234567890123456");
  CHECK(power_of_ten_decimal(hull(Interval(0), Interval(5)), 10, Direction::down).empty());
}

TEST_CASE("a number with a huge exponent is printed between its neighbours") {
  const WorkingPrecision scope(200);
  // 2^4000000 = 1.0432...e+1204119: its ends printed must enclose it, compared through log10 = 4000000
  // log10 2.
  const Interval x = power(Interval(2), 4000000UL);
  CHECK(lower_decimal(x, 4).substr(lower_decimal(x, 4).find('e')) == "e+1204119");
  const std::string lower = lower_decimal(x, 30);
  const std::string upper = upper_decimal(x, 30);
  const Interval fraction = log10(x) - Interval(1204119);
  const Interval mantissa = exp(fraction * interval_log10());
  CHECK(parse_number(lower.substr(0, lower.find('e')))->value <= mantissa.upper());
  CHECK(parse_number(upper.substr(0, upper.find('e')))->value >= mantissa.lower());
  CHECK(lower != upper);
}

TEST_CASE("a logarithm beyond every exponent range is not written as a power of ten") {
  const WorkingPrecision scope(200);
  const Interval huge = power(Interval(2), 1UL << 40);
  CHECK(power_of_ten_decimal(huge, 10, Direction::down).empty());
  CHECK(power_of_ten_decimal(-huge, 10, Direction::up).empty());
}

TEST_CASE("a negative number with a huge exponent is printed between its neighbours") {
  const WorkingPrecision scope(200);
  const Interval x = power(Interval(2), 4000000UL);
  CHECK(lower_decimal(-x, 12) == "-" + upper_decimal(x, 12));
  CHECK(upper_decimal(-x, 12) == "-" + lower_decimal(x, 12));
}

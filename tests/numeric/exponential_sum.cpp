#include <doctest/doctest.h>

#include <random>

#include <promptbound/numeric/exponential_sum.hpp>
#include <promptbound/numeric/integers.hpp>

using namespace promptbound;

namespace {

Rational small_rational(std::mt19937_64& random) {
  return Rational(static_cast<long>(random() % 21) - 10, static_cast<long>(random() % 6) + 1);
}

ExponentialSum random_sum(std::mt19937_64& random, std::size_t terms) {
  ExponentialSum sum;
  for (std::size_t i = 0; i < terms; ++i) {
    sum += ExponentialSum::exponential(small_rational(random), small_rational(random));
  }
  return sum;
}

}  // namespace

TEST_CASE("sums form a ring and what cancels is exactly zero") {
  std::mt19937_64 random(11);
  for (int i = 0; i < 100; ++i) {
    const ExponentialSum a = random_sum(random, 4), b = random_sum(random, 5), c = random_sum(random, 3);
    CHECK((a + b) * c == a * c + b * c);
    CHECK(((a + b) * (a - b) - (a * a - b * b)).is_zero());
    CHECK((a - a).is_zero());
  }
  ExponentialSum doubled = random_sum(random, 4);
  const ExponentialSum once = doubled;
  doubled += doubled;
  CHECK(doubled == once * ExponentialSum(2));
}

TEST_CASE("an enclosure of a sum contains the sum of the exponentials as binary64 sees it") {
  const ExponentialSum sum = ExponentialSum::exponential(Rational(1, 2), 3) - ExponentialSum(Rational(2, 3));
  const Interval value = sum.enclosure();
  CHECK(value.lower_double() == doctest::Approx(3 * std::exp(0.5) - 2.0 / 3));
  CHECK(value.is_relatively_tight(40));
}

TEST_CASE("a product is divided exactly by either factor") {
  std::mt19937_64 random(12);
  for (int i = 0; i < 50; ++i) {
    ExponentialSum a = random_sum(random, 6);
    const ExponentialSum b = random_sum(random, 5) + ExponentialSum::exponential(20);
    a += ExponentialSum::exponential(-20);
    const auto quotient = exact_quotient(a * b, b);
    REQUIRE(quotient.has_value());
    CHECK(*quotient == a);
  }
  // 1 + e is no multiple of 1 + e^(1/2) + e^2.
  CHECK_FALSE(exact_quotient(ExponentialSum(1) + ExponentialSum::exponential(1),
                             ExponentialSum(1) + ExponentialSum::exponential(Rational(1, 2)) +
                                 ExponentialSum::exponential(2))
                  .has_value());
}

TEST_CASE("quotients form a field - equality and sign are exact where no precision would do") {
  std::mt19937_64 random(13);
  for (int i = 0; i < 30; ++i) {
    const ExponentialQuotient a = random_sum(random, 3);
    const ExponentialQuotient b = random_sum(random, 3) + ExponentialSum::exponential(15);
    const ExponentialQuotient c = random_sum(random, 2) + ExponentialSum::exponential(16);
    CHECK(a / b + a / c == a * (b + c) / (b * c));
    CHECK((a / b - a / b).sign() == 0);
    CHECK((a / b) * b == a);
    CHECK((a * b / b).simplified() == a);
  }
  // A difference of 1e-40 needs more than the default precision.
  const ExponentialQuotient tiny = Rational(Integer(1), power(Integer(10), 40));
  const ExponentialQuotient e = ExponentialSum::exponential(1);
  CHECK((e + tiny).sign() == 1);
  CHECK((e - (e + tiny)).sign() == -1);
  CHECK_THROWS_AS(static_cast<void>(e / (e - e)), std::domain_error);
}

TEST_CASE("a single exponential is recognised in a quotient of sums") {
  const ExponentialSum sum = ExponentialSum(2) + ExponentialSum::exponential(Rational(1, 3), 5);
  const ExponentialQuotient scaled =
      ExponentialQuotient(sum * ExponentialSum::exponential(Rational(-7, 2), Rational(3, 4))) / sum;
  const auto factors = scaled.monomial();
  REQUIRE(factors.has_value());
  CHECK(factors->coefficient == Rational(3, 4));
  CHECK(factors->exponent == Rational(-7, 2));
  CHECK_FALSE(scaled.rational().has_value());
  CHECK((scaled * ExponentialQuotient(ExponentialSum::exponential(Rational(7, 2)))).rational() ==
        Rational(3, 4));
  CHECK_FALSE(ExponentialQuotient(sum).monomial().has_value());
  CHECK(ExponentialQuotient(0).rational() == Rational(0));
}

#include <promptbound/numeric/certify.hpp>

#include <doctest/doctest.h>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

using namespace promptbound;

TEST_CASE("ceilings are decided where rounding to nearest is wrong") {
  // sqrt(N^2 + 1) exceeds N by about 5e-41: forty-digit arithmetic sees N itself.
  const Integer N = power(Integer(10), 40);
  const auto root = [&] { return sqrt(Interval(Integer(N * N + 1))); };
  const auto never = [](const Integer&) { return false; };
  CHECK(decide_ceil(root, never) == N + 1);
  CHECK(decide_floor(root, never) == N);
}

TEST_CASE("a value that is an integer is recognised algebraically") {
  const auto value = [] {
    return power(Interval(8), Rational(1, 3)) * Interval(Rational(1, 3)) * Interval(3);
  };
  const auto is_two = [](const Integer& n) { return n == 2; };
  CHECK(decide_ceil(value, is_two) == 2);
  CHECK(decide_floor(value, is_two) == 2);
  // Without the algebraic argument no precision decides.
  CHECK_THROWS_AS(static_cast<void>(decide_ceil(value, [](const Integer&) { return false; })), Undecided);
}

TEST_CASE("exact_power finds rational roots and nothing else") {
  CHECK(exact_power(Rational(8, 27), Rational(2, 3), 1000) == Rational(4, 9));
  CHECK(exact_power(Rational(8, 27), Rational(-1, 3), 1000) == Rational(3, 2));
  CHECK_FALSE(exact_power(Rational(2), Rational(1, 2), 1000).has_value());
  CHECK_FALSE(exact_power(Rational(8), Rational(1, 2), 1000).has_value());
  CHECK(exact_power(Rational(1), Rational(1, 1000003), 1000) == Rational(1));
  CHECK_FALSE(exact_power(Rational(2), Rational(100000), 1000).has_value());
}

TEST_CASE("equal_powers agrees with plain arithmetic on small cases and answers at once on large ones") {
  for (int x = 2; x <= 9; ++x) {
    for (int y = 2; y <= 9; ++y) {
      for (unsigned long i = 1; i <= 6; ++i) {
        for (unsigned long j = 1; j <= 6; ++j) {
          CHECK(equal_powers(Rational(x), i, Rational(y), j) ==
                (power(Integer(x), i) == power(Integer(y), j)));
        }
      }
    }
  }
  const Integer huge = power(Integer(10), 30);
  CHECK(equal_powers(Rational(4), 3 * huge, Rational(8), 2 * huge));
  CHECK_FALSE(equal_powers(Rational(4), 3 * huge, Rational(8), 2 * huge + 1));
  CHECK_FALSE(equal_powers(Rational(3), huge, Rational(2), huge));
  CHECK(equal_powers(Rational(4, 9), 3, Rational(8, 27), 2));
}

TEST_CASE("enclosures are as tight as asked") {
  for (const long digits : {1L, 40L, 1000L}) {
    const Interval x = enclose(digits, [] { return log(Interval(3)) - Interval(1); });
    CHECK(x.is_relatively_tight(static_cast<long>(3.32 * static_cast<double>(digits))));
  }
  CHECK_THROWS_AS(static_cast<void>(enclose(5, [] { return sqrt(Interval(2)) - sqrt(Interval(2)); })),
                  Undecided);
}

TEST_CASE("the precision rises to the limit exactly and what is then undecided says so") {
  std::vector<long> tried;
  const auto never = [&]() -> std::optional<int> {
    tried.push_back(working_precision());
    return std::nullopt;
  };
  {
    const PrecisionLimit limit(300);
    CHECK(precision_limit() == 300);
    CHECK_THROWS_WITH_AS((void)at_rising_precision("the sign", 50, never),
                         "the sign is not decided at 300 bits", Undecided);
    CHECK(tried == std::vector<long>{50, 100, 200, 300});
    tried.clear();
    CHECK_THROWS_AS((void)at_rising_precision("the sign", 400, never), Undecided);
    CHECK(tried == std::vector<long>{300});
    // 101 digits before the point need 333 bits.
    const auto large = [] { return sqrt(Interval(Integer(power(Integer(10), 200) + 1))); };
    CHECK_THROWS_AS((void)decide_floor(large, [](const Integer&) { return false; }), Undecided);
  }
  CHECK(precision_limit() == default_precision_limit);
  CHECK(at_rising_precision("a precision", 50, [] {
          return working_precision() > 1000 ? std::optional(working_precision()) : std::nullopt;
        }) == 1600);
}

TEST_CASE("the least grid is the least: its predecessor misses eps") {
  for (const int n : {1, 2, 3, 4, 6, 9}) {
    for (const Rational& eps : {Rational(1, 10), Rational(3, 7), Rational(1, 100), Rational(2)}) {
      for (const Number& alpha :
           {Number(Rational(1)), Number(Rational(2)), Number(Rational(5, 2)), Number::infinity()}) {
        const Integer k = least_grid(Rational(3, 2), n, alpha, eps);
        // C n^{1/alpha} < 2 k eps, in whole powers: (C)^p n^q < (2 k eps)^p with alpha = p/q.
        const auto below = [&](const Integer& cells) {
          const Rational right = 2 * cells * eps / Rational(3, 2);
          if (alpha.infinite) return 1 < right;
          const auto p = numerator(alpha.value).convert_to<unsigned long>();
          const auto q = denominator(alpha.value).convert_to<unsigned long>();
          return Rational(power(Integer(n), q)) < power(right, p);
        };
        CHECK(below(k));
        CHECK((k == 1 || !below(k - 1)));
      }
    }
  }
}

// Logarithms of narrow intervals by one evaluation, and quotients of logarithms rounded without their value.
#include <doctest/doctest.h>

#include <random>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_ratio.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/precision.hpp>

#include "effort.hpp"

using namespace promptbound;

namespace {

/// [x, x (1 + 2^-bits)], or the enclosure of x alone for bits = 0.
Interval near(const Rational& x, unsigned long bits) {
  if (bits == 0) return Interval(x);
  return {Interval(x), Interval(Rational(x + x / power(Integer(2), bits)))};
}

template <class Function>
void check_both_ends(Function function, const Interval& x) {
  const Interval result = function(x);
  const WorkingPrecision scope(1000);
  const Interval low = function(x.lower_point()), high = function(x.upper_point());
  // Both ends of x are points, so these enclose the exact ends of the image.
  CHECK(result.lower() <= low.lower());
  CHECK(result.upper() >= high.upper());
  // And not much wider: the image's width, a part of it, and the rounding of both ends.
  const Rational image = high.upper() - low.lower();
  const Rational rounding = abs(result).upper_point().upper() / power(Integer(2), 60);
  CHECK(result.upper() - result.lower() <= image * Rational(1001, 1000) + rounding);
}

}  // namespace

TEST_CASE("the logarithm of a narrow interval holds the logarithms of both of its ends") {
  std::mt19937_64 random(11);
  const WorkingPrecision scope(64);
  const auto log_of = [](const Interval& x) { return log(x); };
  const auto log1p_of = [](const Interval& x) { return log1p(x); };
  for (long i = 0; i < repetitions(2000); ++i) {
    Rational x(Integer(1 + random() % 1000000), Integer(1 + random() % 1000000));
    const auto scale = power(Integer(2), static_cast<unsigned long>(random() % 200));
    if (random() % 2 == 0) x = random() % 2 == 0 ? Rational(x * scale) : Rational(x / scale);
    for (const unsigned long bits : {0UL, 10UL, 19UL, 20UL, 21UL, 40UL, 62UL}) {
      CAPTURE(x.str());
      CAPTURE(bits);
      check_both_ends(log_of, near(x, bits));
      check_both_ends(log1p_of, near(x, bits));
    }
  }
}

TEST_CASE("exact logarithms are points and those of what is not positive keep their meaning") {
  CHECK(log(Interval(1)).is_point());
  CHECK(log(Interval(1)).lower() == 0);
  CHECK(log1p(Interval(0)).lower() == 0);
  CHECK_FALSE(log(Interval(Interval(-1), Interval(1))).is_finite());
  CHECK_FALSE(log(Interval(0)).is_finite());
  CHECK_FALSE(log(Interval::whole_line()).is_finite());
  CHECK(log1p(Interval(Rational(-1, 2))).contains(log(Interval(Rational(1, 2))).midpoint()));
}

TEST_CASE("rounding a quotient of logarithms up needs no digits of it") {
  std::mt19937_64 random(12);
  for (long i = 0; i < repetitions(1000); ++i) {
    const auto exponent = static_cast<unsigned long>(random() % 300);
    const Rational bottom(Integer(1001 + random() % 100000), Integer(1 + random() % 1000));
    const LogRatio x{power(Integer(1 + random() % 50), exponent), Rational(2), Integer(1 + random() % 20),
                     bottom};
    CHECK(std::get<Integer>(ceil_quantity(x, 40).value()) ==
          std::get<Integer>(ceil_quantity(x, quantity(x, 40), 40).value()));
  }
  // Whole numbers are not rounded beyond themselves: log 8^5/log 2 = 15, and the same of 10^60 times as much.
  CHECK(std::get<Integer>(ceil_quantity(LogRatio{5, 8, 1, 2}, 40).value()) == 15);
  const Integer large = power(Integer(10), 60);
  CHECK(std::get<Integer>(ceil_quantity(LogRatio{5 * large, 8, 1, 2}, 40).value()) == 15 * large);
  CHECK(std::get<Integer>(ceil_quantity(LogRatio{1, 2, 1, Rational(large + 1, large)}, 1).value()) >
        large / 2);
  CHECK(std::get<Integer>(ceil_quantity(LogRatio{0, 2, 1, 3}, 40).value()) == 0);
}

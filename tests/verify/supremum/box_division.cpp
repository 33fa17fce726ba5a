#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/verify/supremum/box_division.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Rational low(const Box& box) { return Rational(box.centre[0]) - Rational(box.radius[0]); }
Rational high(const Box& box) { return Rational(box.centre[0]) + Rational(box.radius[0]); }

}  // namespace

TEST_CASE("halves together cover their box: cells whose ends are any multiples of 2^-50") {
  RandomNumbers random(6301);
  constexpr long unit = 1L << 50;
  int rounded = 0;
  for (int i = 0; i < 300; ++i) {
    const long first = random.integer(0, unit - 1), last = random.integer(first + 1, unit);
    Box box{{std::ldexp(static_cast<double>(first + last), -51)},
            {std::ldexp(static_cast<double>(last - first), -51)}};
    for (int depth = 0; depth < 40 && box.radius[0] >= 0x1p-45; ++depth) {
      const auto [left, right] = halves(box, 0);
      CHECK(low(left) <= low(box));
      CHECK(high(left) >= low(right));
      CHECK(high(right) >= high(box));
      // A box of half the size, but for the last digits.
      CHECK(left.radius[0] <= box.radius[0] / 2 + 0x1p-52);
      rounded += high(left) != low(right);
      box = random.integer(0, 1) == 0 ? left : right;
    }
  }
  CHECK(rounded > 100);
}

TEST_CASE("halves of the unit cube are exact") {
  RandomNumbers random(6302);
  for (int i = 0; i < 50; ++i) {
    Box box = unit_cube(1);
    for (int depth = 0; depth < 44; ++depth) {
      const auto [left, right] = halves(box, 0);
      CHECK((low(left) == low(box) && high(left) == low(right) && high(right) == high(box)));
      box = random.integer(0, 1) == 0 ? left : right;
    }
  }
}

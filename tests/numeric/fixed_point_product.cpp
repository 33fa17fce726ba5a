#include <doctest/doctest.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>

#include <promptbound/numeric/matrices/fixed_point_product.hpp>
#include <promptbound/numeric/precision.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// A number of either sign with an exponent in [-spread, spread], or 0.
double random_weight(RandomNumbers& random, long spread) {
  if (random.integer(0, 9) == 0) return 0;
  constexpr long half = 1L << 26;
  const auto mantissa = static_cast<double>(random.integer(-half, half) * half + random.integer(0, half));
  return std::ldexp(mantissa, static_cast<int>(random.integer(-spread, std::min(spread, 900L))) - 52);
}

struct ExactEnds {
  Rational low, high;
};

}  // namespace

TEST_CASE("products contain every product of what they enclose, and little more") {
  RandomNumbers random(5101);
  for (int i = 0; i < 120; ++i) {
    const WorkingPrecision scope(random.integer(24, 400));
    const long spread = i % 4 == 0 ? 1040 : i % 4 == 1 ? 90 : 8;
    const Index rows = random.integer(1, 11), depth = random.integer(1, 9), columns = random.integer(1, 18);
    Matrix<double> W(rows, depth);
    for (double& w : W.reshaped()) w = random_weight(random, spread);
    Matrix<Interval> X(depth, columns);
    Matrix<Rational> low(depth, columns), high(depth, columns);
    for (Index k = 0; k < X.size(); ++k) {
      // Points, narrow and wide intervals, some of size 0.
      const double a = random_weight(random, spread / 2), width = std::fabs(random_weight(random, 0));
      const int kind = static_cast<int>(random.integer(0, 3));
      const double b = kind == 0 ? a : kind == 1 ? a + std::fabs(a) * 0x1p-40 : a + width;
      X(k) = Interval(Interval(std::min(a, b)), Interval(std::max(a, b)));
      low(k) = X(k).lower();
      high(k) = X(k).upper();
    }
    const Matrix<Interval> product = fixed_point_product(W, X);
    for (Index column = 0; column < columns; ++column) {
      Rational largest = 0;
      for (Index k = 0; k < depth; ++k)
        largest = std::max({largest, Rational(abs(low(k, column))), Rational(abs(high(k, column)))});
      for (Index row = 0; row < rows; ++row) {
        ExactEnds exact{0, 0};
        Rational size = 0, heaviest = 0;
        for (Index k = 0; k < depth; ++k) {
          const Rational w(W(row, k)), p = w * low(k, column), q = w * high(k, column);
          exact.low += std::min(p, q);
          exact.high += std::max(p, q);
          heaviest = std::max(heaviest, Rational(abs(w)));
        }
        size = heaviest * largest * depth;
        const Interval& found = product(row, column);
        CHECK(found.lower() <= exact.low);
        CHECK(exact.high <= found.upper());
        // Its own rounding at 24 bits or more, and what underflow could lose of widths.
        const Rational width = exact.high - exact.low;
        const Rational room = width / 1000000 + size / Rational(Integer(1) << 23) +
                              largest * depth / Rational(Integer(1) << 1000);
        CHECK(found.upper() - found.lower() <= width + room);
      }
    }
  }
}

TEST_CASE("products of points are exact to the working precision") {
  RandomNumbers random(5102);
  const WorkingPrecision scope(300);
  for (int i = 0; i < 30; ++i) {
    const Index depth = random.integer(1, 40);
    Matrix<double> W(3, depth);
    for (double& w : W.reshaped()) w = static_cast<double>(static_cast<float>(random_weight(random, 10)));
    Matrix<Interval> X(depth, 2);
    for (Index k = 0; k < X.size(); ++k) X(k) = Interval(random_weight(random, 10));
    const Matrix<Interval> product = fixed_point_product(W, X);
    for (Index row = 0; row < 3; ++row) {
      for (Index column = 0; column < 2; ++column) {
        Rational exact = 0;
        for (Index k = 0; k < depth; ++k) exact += Rational(W(row, k)) * X(k, column).lower();
        CHECK(product(row, column).lower() == exact);
        CHECK(product(row, column).upper() == exact);
      }
    }
  }
}

TEST_CASE("products: zeros, nothing known, and infinite ends") {
  const WorkingPrecision scope(64);
  Matrix<double> W(2, 2);
  W << 0, 1, 0, 0;
  Matrix<Interval> X(2, 3);
  X << Interval(0), Interval::whole_line(), Interval(1), Interval(0), Interval(2), Interval(3);
  const Matrix<Interval> product = fixed_point_product(W, X);
  for (Index row = 0; row < 2; ++row) {
    CHECK(product(row, 0).lower() == 0);
    CHECK(product(row, 0).upper() == 0);
    CHECK_FALSE(product(row, 1).is_finite());
  }
  CHECK(product(0, 2).contains(Rational(3)));
  CHECK(product(1, 2).contains(Rational(0)));
  CHECK(fixed_point_product(Matrix<double>(0, 2), X).rows() == 0);
  CHECK(fixed_point_product(W, Matrix<Interval>(2, 0)).cols() == 0);
}

TEST_CASE("products by several threads are those of one, at the caller's precision") {
  RandomNumbers random(5107);
  const WorkingPrecision scope(300);
  Matrix<double> W(70, 40);
  for (double& w : W.reshaped()) w = random_weight(random, 8);
  Matrix<Interval> X(40, 3);
  for (Interval& x : X.reshaped()) x = Interval(random.rational(-1, 1));
  X.col(1).setConstant(Interval(0));
  X(3, 2) = Interval::whole_line();
  Matrix<Interval> by_one, by_four;
  oneapi::tbb::task_arena one(1), four(4);
  const auto product = [&](Matrix<Interval>& result) {
    const WorkingPrecision inner(300);
    result = fixed_point_product(W, X);
  };
  one.execute([&] { product(by_one); });
  four.execute([&] { product(by_four); });
  for (Index k = 0; k < by_one.size(); ++k) {
    const Interval &a = by_one.data()[k], &b = by_four.data()[k];
    CHECK((a.contains(b) && b.contains(a)));
    CHECK(mpfr_get_prec(&b.get()->left) == 300);
  }
}

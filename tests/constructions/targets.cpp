#include <doctest/doctest.h>

#include <promptbound/constructions/targets.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

std::vector<Target> all_targets(Index d, Index L, const Number& alpha) {
  return {{d, L, Identity{}},
          {d, L, Reversal{}},
          {d, L, MeanPooling{}},
          {d, L, CoordinateMaximum{}},
          {d, L, SineField{Rational(7, 3)}},
          random_table(d, L, 2, Rational(3, 2), alpha, 5)};
}

}  // namespace

TEST_CASE("no two random points refute the certified constant and outputs stay in the cube") {
  RandomNumbers random(67);
  const WorkingPrecision scope(100);
  for (const Number& alpha :
       {Number(Rational(1)), Number(Rational(3, 2)), Number(Rational(2)), Number::infinity()}) {
    for (const auto& [d, L] : {std::pair(1L, 1L), {2L, 1L}, {1L, 3L}, {2L, 2L}}) {
      for (const Target& target : all_targets(d, L, alpha)) {
        const Interval C(lipschitz_constant(target, alpha));
        for (int trial = 0; trial < 25; ++trial) {
          const Matrix<Rational> X = random.matrix(d, L, 0, 1);
          Matrix<Rational> Y = random.matrix(d, L, 0, 1);
          if (trial % 2 == 0) Y = X + (Y - X) / 1000;  // close points probe the slopes
          const Matrix<Interval> fX = evaluate(target, from_rational<Interval>(X));
          const Matrix<Interval> fY = evaluate(target, from_rational<Interval>(Y));
          const Interval run = alpha_norm(from_rational<Interval>(Matrix<Rational>(X - Y)), alpha);
          CHECK_FALSE(certainly_less(C * run, alpha_norm(Matrix<Interval>(fX - fY), alpha)));
          for (const Interval& y : fX.reshaped()) {
            CHECK_FALSE(certainly_less(y, Interval(0)));
            CHECK_FALSE(certainly_less(Interval(1), y));
          }
        }
      }
    }
  }
}

TEST_CASE("constants are sharp where they are attained") {
  const Number two(Rational(2));
  CHECK(lipschitz_constant({2, 4, CoordinateMaximum{}}, two) == 2);
  CHECK(lipschitz_constant({2, 4, CoordinateMaximum{}}, Number::infinity()) == 1);
  CHECK(lipschitz_constant({2, 4, MeanPooling{}}, two) == 1);
  CHECK(lipschitz_constant({1, 1, SineField{Rational(-3)}}, two) == Rational(3, 2));
  CHECK(lipschitz_constant(random_table(1, 2, 3, Rational(1, 2), Number::infinity(), 9),
                           Number::infinity()) == Rational(1, 2));
}

TEST_CASE("a table interpolates its nodes exactly and boxes contain the values at their points") {
  RandomNumbers random(71);
  const Target target = random_table(1, 2, 3, Rational(2), Number::infinity(), 11);
  const NodeTable& table = std::get<NodeTable>(target.function);
  for (long q0 = 0; q0 <= 3; ++q0) {
    for (long q1 = 0; q1 <= 3; ++q1) {
      Matrix<Rational> X(1, 2);
      X << Rational(q0, 3), Rational(q1, 3);
      const Matrix<Rational> Y = evaluate(target, X);
      CHECK(Y(0, 0) == table.values[static_cast<std::size_t>((q0 + 4 * q1) * 2)]);
      CHECK(Y(0, 1) == table.values[static_cast<std::size_t>((q0 + 4 * q1) * 2 + 1)]);
    }
  }
  for (const Target& any : all_targets(1, 2, Number::infinity())) {
    for (int trial = 0; trial < 50; ++trial) {
      const Matrix<Rational> low = random.matrix(1, 2, 0, Rational(1, 2));
      const Matrix<Rational> high = low + random.matrix(1, 2, 0, Rational(1, 2));
      Matrix<FastInterval> box(1, 2);
      Matrix<Rational> point(1, 2);
      for (Index o = 0; o < 2; ++o) {
        box(o) = hull(FastInterval(low(o)), FastInterval(high(o)));
        point(o) = random.rational(low(o), high(o));
      }
      const Matrix<FastInterval> image = evaluate(any, box);
      const Matrix<Interval> value = evaluate(any, from_rational<Interval>(point));
      const Matrix<double> plain = evaluate(any, from_rational<double>(point));
      for (Index o = 0; o < 2; ++o) {
        CHECK(intersection(Interval(image(o)), value(o)).is_finite());
        CHECK(std::abs(plain(o) - value(o).lower_double()) < 1e-12);
      }
    }
  }
}

TEST_CASE("quantized values are within half a cell of the function") {
  for (const Target& target : all_targets(1, 2, Number::infinity())) {
    const long k = 5;
    const QuantizedFunction table = quantize(target, k);
    for (long cell = 0; cell < 25; ++cell) {
      const Matrix<Interval> exact = evaluate(target, from_rational<Interval>(cell_centre(1, 2, k, cell)));
      const Matrix<Interval> held = from_rational<Interval>(cell_value(table, cell));
      for (Index o = 0; o < 2; ++o) {
        CHECK_FALSE(certainly_less(Interval(Rational(1, 2 * k)), abs(exact(o) - held(o))));
      }
    }
  }
}

TEST_CASE("bad tables are refused with the offending pair or the constant that holds") {
  Target target{1, 1, NodeTable{2, {0, Rational(1, 2), Rational(1, 10)}}};
  CHECK_NOTHROW(check_table(target, 1, Number(Rational(2))));
  CHECK_THROWS_WITH_AS(
      check_table(target, Rational(9, 10), Number(Rational(2))),
      "table: not C-Lipschitz for C = 9/10, alpha = 2 between the nodes (1/2) and (0) (accepted: "
      "||f(u) - f(v)|| <= C ||u - v||)",
      InputError);
  std::get<NodeTable>(target.function).values[1] = Rational(3, 2);
  CHECK_THROWS_WITH_AS(check_table(target, 4, Number(Rational(2))),
                       "values[1]: 3/2 (accepted: 0 <= value <= 1)", InputError);
  std::get<NodeTable>(target.function).values.pop_back();
  CHECK_THROWS_AS(check_table(target, 4, Number(Rational(2))), InputError);
  CHECK_THROWS_AS(
      static_cast<void>(evaluate(Target{1, 1, SineField{1}}, Matrix<Rational>(Matrix<Rational>::Ones(1, 1)))),
      InputError);
  CHECK_THROWS_AS(
      static_cast<void>(evaluate(Target{1, 1, Identity{}}, Matrix<Rational>(Matrix<Rational>::Ones(1, 2)))),
      InputError);
}

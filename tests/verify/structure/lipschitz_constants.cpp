#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/rotary.hpp>
#include <promptbound/verify/structure/lipschitz_constants.hpp>

#include "random.hpp"
#include "stacks.hpp"

using namespace promptbound;

TEST_CASE("one layer of known norms: the formulas of theory 3.1") {
  // Two heads with A = 2 I, V = I/4 and A = 0, V = I/2; W_1 = (3, 4), W_2 = (1, 0)^T/10, b_1 = -2, b_2 = (0,
  // 1).
  const Matrix<Rational> I = Matrix<Rational>::Identity(2, 2);
  FeedForward<Rational> ffn{Matrix<Rational>(1, 2), Vector<Rational>(1), Matrix<Rational>(2, 1),
                            Vector<Rational>(2)};
  ffn.W_1 << 3, 4;
  ffn.b_1 << -2;
  ffn.W_2 << Rational(1, 10), 0;
  ffn.b_2 << 0, 1;
  const Transformer<Rational> model{
      2, {{{head_of_maps<Rational>(2 * I, I / 4), head_of_maps<Rational>(0 * I, I / 2)}, ffn}}, Mask::causal};
  const LayerConstants layer = lipschitz_constants(map_norms(model), {3}, model.mask).front();
  const auto close_above = [](const Rational& x, const Rational& value) {
    return x >= value && x - value <= value / 100000000;
  };
  CHECK(layer.R == 3);
  CHECK(close_above(layer.values, Rational(3, 4)));
  // (18 + sqrt(1 + 18^2))/4 + 1/2
  CHECK(close_above(layer.c, Rational(9506939094329986L, 1000000000000000L)));
  CHECK(layer.D == 6);
  // Tokens at most 1/3 apart: (2/36 + sqrt(1 + (2*3/6)^2))/4 + 1/2.
  const LayerConstants alike = lipschitz_constants(map_norms(model), {3, Rational(1, 3)}, model.mask).front();
  CHECK(alike.D == Rational(1, 3));
  CHECK(close_above(alike.c, Rational(8674422794821626L, 10000000000000000L)));
  CHECK_THROWS_AS(lipschitz_constants(map_norms(model), {3, -1}, model.mask), InputError);
  CHECK(close_above(layer.R_middle, Rational(21, 4)));
  CHECK(close_above(layer.g, Rational(1, 2)));
  CHECK(close_above(layer.R_out, Rational(63, 8) + Rational(1, 5) + 1));
  CHECK_THROWS_AS(lipschitz_constants(map_norms(model), {-1}, model.mask), InputError);
}

TEST_CASE("pairs of sequences in the ball never spread further and never leave the radii") {
  RandomNumbers random(307);
  for (int i = 0; i < 60; ++i) {
    const Index d = random.integer(1, 4), T = random.integer(1, 6);
    const Transformer<Rational> model =
        random_stack(random, d, static_cast<int>(random.integer(1, 3)), Rational(random.integer(1, 8), 4),
                     i % 2 == 0 ? Mask::causal : Mask::bidirectional);
    const Rational R(random.integer(1, 3));
    const auto layers = lipschitz_constants(map_norms(model), {R}, model.mask);
    const double constant = lipschitz_constant(layers).convert_to<double>();
    const Transformer<double> rounded = from_rational<double>(model);
    const Matrix<double> Z = random_in_ball(random, d, T, R).cast<double>();
    const Matrix<double> step = random.matrix(d, T).cast<double>() * (i % 3 == 0 ? 1e-3 : 1e-6);
    const Matrix<double> other = Z * (1 - 1e-2) + step * R.convert_to<double>() * 1e-2;
    const Matrix<double> change = evaluate(rounded, other) - evaluate(rounded, Z);
    CHECK(change.colwise().norm().maxCoeff() <=
          constant * (other - Z).eval().colwise().norm().maxCoeff() * (1 + 1e-9));
    CHECK(evaluate(rounded, Z).colwise().norm().maxCoeff() <=
          layers.back().R_out.convert_to<double>() * (1 + 1e-12));
  }
}

TEST_CASE("pairs of sequences of alike tokens never spread further than the diameter form says") {
  RandomNumbers random(309);
  int sharper = 0;
  for (int i = 0; i < 60; ++i) {
    const Index d = random.integer(1, 4), T = random.integer(2, 6);
    const Mask mask = i % 2 == 0 ? Mask::causal : Mask::bidirectional;
    const Transformer<Rational> model = random_stack(random, d, static_cast<int>(random.integer(1, 3)),
                                                     Rational(random.integer(1, 8), 4), mask);
    const Rational R(random.integer(1, 3)), D = R * Rational(1, random.integer(4, 40));
    const auto norms = map_norms(model);
    const auto ball = lipschitz_constants(norms, {R}, mask), alike = lipschitz_constants(norms, {R, D}, mask);
    sharper += lipschitz_constant(alike) < lipschitz_constant(ball);
    CHECK(lipschitz_constant(alike) <= lipschitz_constant(ball));
    const Transformer<double> rounded = from_rational<double>(model);
    // All tokens of both sequences within D/2 of one token of the ball.
    const double half = D.convert_to<double>() / 2;
    const Matrix<double> centre = random_in_ball(random, d, 1, R - D).cast<double>();
    const Matrix<double> Z = centre.replicate(1, T) + half * random_in_ball(random, d, T, 1).cast<double>();
    const Matrix<double> other =
        centre.replicate(1, T) + half * random_in_ball(random, d, T, 1).cast<double>();
    const Matrix<double> out = evaluate(rounded, Z), change = evaluate(rounded, other) - out;
    CHECK(change.colwise().norm().maxCoeff() <= lipschitz_constant(alike).convert_to<double>() *
                                                    (other - Z).eval().colwise().norm().maxCoeff() *
                                                    (1 + 1e-9));
    // The diameter after the last block that is stated, the one before the last layer.
    if (model.layers.size() < 2) continue;
    Transformer<double> shorter = rounded;
    shorter.layers.pop_back();
    const Matrix<double> states = evaluate(shorter, Z);
    for (Index a = 0; a < T; ++a) {
      for (Index b = 0; b < a; ++b)
        CHECK((states.col(a) - states.col(b)).norm() <= alike.back().D.convert_to<double>() * (1 + 1e-9));
    }
  }
  CHECK(sharper == 60);
}

TEST_CASE("rotary positions: what holds of one A is exceeded, 1 + 2 kappa is not") {
  // Three tokens of norm 1, keys z_j and queries 0.383 z_i, turned by one radian a position; the last query.
  // Directions of change from a random search over tokens, steps and the direction in which the output is
  // seen.
  const double size = 0.38311912, seen = -2.22099885, step = 1e-7;
  Matrix<double> Z(2, 3);
  const double angles[] = {-1.58119214, -1.79432356, -5.20203557};
  for (Index j = 0; j < 3; ++j) Z.col(j) << std::cos(angles[j]), std::sin(angles[j]);
  const Vector<double> h = (Vector<double>(2) << std::cos(seen), std::sin(seen)).finished();
  const Rotations<double> turns = rotations<double>({.base = 10000}, 2, 3);
  const auto output = [&](const Matrix<double>& tokens) {
    const Matrix<double> keys = rotated(turns, tokens),
                         queries = rotated(turns, Matrix<double>(size * tokens));
    const Vector<double> weights = (keys.transpose() * queries.col(2)).array().exp();
    return h.dot(tokens * weights) / weights.sum();
  };
  // The steepest change of every token, and all of them together.
  Matrix<double> gradient(2, 3);
  for (Index j = 0; j < 3; ++j) {
    for (Index row = 0; row < 2; ++row) {
      Matrix<double> above = Z, below = Z;
      above(row, j) += 1e-5;
      below(row, j) -= 1e-5;
      gradient(row, j) = output(above) - output(below);
    }
  }
  const Matrix<double> change = step * gradient.colwise().normalized();
  const double slope = (output(Z + change) - output(Z - change)) / (2 * step);
  CHECK(slope > 1.01 * (size + std::hypot(1, size)));
  CHECK(slope < 1 + 2 * size);
}

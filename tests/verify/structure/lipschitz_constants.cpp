#include <doctest/doctest.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/scalar.hpp>
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
  const LayerConstants layer = lipschitz_constants(map_norms(model), 3).front();
  const auto close_above = [](const Rational& x, const Rational& value) {
    return x >= value && x - value <= value / 100000000;
  };
  CHECK(layer.R == 3);
  CHECK(close_above(layer.values, Rational(3, 4)));
  CHECK(close_above(layer.c, Rational(37, 4) + Rational(1, 2)));  // 1/4 (1 + 2*2*9) + 1/2
  CHECK(close_above(layer.R_middle, Rational(21, 4)));
  CHECK(close_above(layer.g, Rational(1, 2)));
  CHECK(close_above(layer.R_out, Rational(63, 8) + Rational(1, 5) + 1));
  CHECK_THROWS_AS(lipschitz_constants(map_norms(model), -1), InputError);
}

TEST_CASE("pairs of sequences in the ball never spread further and never leave the radii") {
  RandomNumbers random(307);
  for (int i = 0; i < 60; ++i) {
    const Index d = random.integer(1, 4), T = random.integer(1, 6);
    const Transformer<Rational> model =
        random_stack(random, d, static_cast<int>(random.integer(1, 3)), Rational(random.integer(1, 8), 4),
                     i % 2 == 0 ? Mask::causal : Mask::bidirectional);
    const Rational R(random.integer(1, 3));
    const auto layers = lipschitz_constants(map_norms(model), R);
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

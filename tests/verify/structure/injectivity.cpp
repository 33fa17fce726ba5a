#include <doctest/doctest.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/structure/injectivity.hpp>
#include <promptbound/verify/structure/preimage.hpp>

#include "random.hpp"
#include "stacks.hpp"

using namespace promptbound;

namespace {

/// The largest Euclidean norm of a token, enclosed.
Interval token_norm(const Matrix<Interval>& Z) {
  Interval largest(0);
  for (Index token = 0; token < Z.cols(); ++token) {
    Interval sum(0);
    for (Index row = 0; row < Z.rows(); ++row) sum += square(Z(row, token));
    largest = max(largest, sum);
  }
  return sqrt(largest);
}

/// One layer, A = I, V = v I: on the unit ball c = 3 v exactly.
Transformer<Rational> scaled_identity(const Rational& v, const Rational& g, int layers, Mask mask) {
  const Matrix<Rational> I = Matrix<Rational>::Identity(2, 2);
  Layer<Rational> layer{{head_of_maps<Rational>(I, v * I)}, std::nullopt};
  if (g > 0)
    layer.ffn = FeedForward<Rational>{g * I, Vector<Rational>::Zero(2), I, Vector<Rational>::Zero(2)};
  return {2, std::vector<Layer<Rational>>(static_cast<std::size_t>(layers), layer), mask};
}

Injectivity decide(const Transformer<Rational>& model, const Rational& R) {
  return injectivity(lipschitz_constants(map_norms(model), {R}, model.mask), model.mask);
}

}  // namespace

TEST_CASE("contractive stacks of 1 to 12 layers: certified and the inverse enclosed to 10^-30") {
  RandomNumbers random(311);
  const Rational tiny(Integer(1), power(Integer(10), 30));
  for (int layers = 1; layers <= 12; ++layers) {
    for (const Mask mask : {Mask::causal, Mask::bidirectional}) {
      CAPTURE(layers);
      const Index d = random.integer(2, 4), T = random.integer(2, 4);
      const Rational R = 1;
      // Biases grow the radii, radii grow c: smaller weights for longer stacks.
      Rational size(1, 8);
      Transformer<Rational> model;
      std::vector<LayerConstants> constants;
      Injectivity answer;
      do {
        size /= 2;
        model = random_stack(random, d, layers, size, mask);
        for (Layer<Rational>& layer : model.layers) {
          if (layer.ffn) layer.ffn->b_2 /= 8;
        }
        constants = lipschitz_constants(map_norms(model), {R}, model.mask);
        answer = injectivity(constants, mask);
      } while (answer.verdict != Verdict::proved);
      CHECK(answer.separation > 0);

      const WorkingPrecision scope(256);
      const Matrix<Rational> prompt =
          mask == Mask::causal ? random_in_ball(random, d, 2, R) : Matrix<Rational>(d, 0);
      const Matrix<Rational> X = random_in_ball(random, d, T, R * Rational(99, 100));
      const Matrix<Interval> Y = evaluate(from_rational<Interval>(model), from_rational<Interval>(prompt),
                                          from_rational<Interval>(X));
      const Preimage preimage = enclose_preimage(model, constants, prompt, Y);
      CHECK(preimage.exists);
      for (Index k = 0; k < X.size(); ++k) {
        CHECK(preimage.X(k).contains(X(k)));
        CHECK(preimage.X(k).upper() - preimage.X(k).lower() <= tiny);
      }

      // Outputs of two inputs are as far apart as certified.
      const Matrix<Rational> other = random_in_ball(random, d, T, R);
      const Matrix<Interval> other_Y = evaluate(
          from_rational<Interval>(model), from_rational<Interval>(prompt), from_rational<Interval>(other));
      const Interval input_distance = token_norm(from_rational<Interval>(Matrix<Rational>(X - other)));
      CHECK(certainly_less_equal(Interval(answer.separation) * input_distance, token_norm(Y - other_Y)));
    }
  }
}

TEST_CASE("just inside and just outside the condition") {
  const Rational near(1, 10000000);
  for (const Mask mask : {Mask::causal, Mask::bidirectional}) {
    // c = v (1 + sqrt 2), below 1 for v < sqrt 2 - 1 = 0.41421356...
    CHECK(decide(scaled_identity(Rational(4142135, 10000000), 0, 1, mask), 1).verdict == Verdict::proved);
    const Injectivity outside = decide(scaled_identity(Rational(4142136, 10000000), 0, 1, mask), 1);
    CHECK(outside.verdict == Verdict::unknown);
    CHECK(outside.separation == 0);
    CHECK(outside.why.find("layer 0") != std::string::npos);
    CHECK(decide(scaled_identity(Rational(1, 100), 1 - near, 1, mask), 1).verdict == Verdict::proved);
    CHECK(decide(scaled_identity(Rational(1, 100), 1, 1, mask), 1).verdict == Verdict::unknown);
  }
  // Two layers: the causal condition is c < 1 in each; under bidirectional attention the ratio of the first
  // enters the second. v = 1/10: c = 0.2414, rho = 0.3183, R = 11/10, c = (1.21 + sqrt(1 + 1.21^2))/10:
  // proved. With v = 1/4: c = (1 + sqrt 2)/4, rho = c/(1 - c) = 1.522407..., R = 5/4, c = 0.8544, and c rho
  // > 1.
  CHECK(decide(scaled_identity(Rational(1, 10), 0, 2, Mask::bidirectional), 1).verdict == Verdict::proved);
  CHECK(decide(scaled_identity(Rational(1, 4), 0, 2, Mask::causal), 1).verdict == Verdict::proved);
  const Injectivity failing = decide(scaled_identity(Rational(1, 4), 0, 2, Mask::bidirectional), 1);
  CHECK(failing.verdict == Verdict::unknown);
  CHECK(failing.ratios.size() == 1);
  CHECK(failing.ratios[0] >= Rational(1522407, 1000000));
  CHECK(failing.ratios[0] < Rational(1522408, 1000000));
}

TEST_CASE("outputs that no input in the ball has: the enclosure does not claim one") {
  const Transformer<Rational> model = scaled_identity(Rational(1, 10), 0, 1, Mask::causal);
  const auto constants = lipschitz_constants(map_norms(model), {1}, model.mask);
  const Matrix<Rational> far = Matrix<Rational>::Constant(2, 1, 5);
  const Preimage none =
      enclose_preimage(model, constants, Matrix<Rational>(2, 0), from_rational<Interval>(far));
  CHECK_FALSE(none.exists);
  for (Index k = 0; k < 2; ++k) CHECK(none.X(k).is_finite());
}

TEST_CASE("an iteration too slow to end leaves an enclosure and is not repeated at more bits") {
  const Transformer<Rational> model =
      scaled_identity(Rational(1, 100), 1 - Rational(1, 10000000), 1, Mask::causal);
  const auto constants = lipschitz_constants(map_norms(model), {1}, model.mask);
  const Preimage preimage =
      enclose_preimage(model, constants, Matrix<Rational>(2, 0),
                       Matrix<Rational>(Matrix<Rational>::Constant(2, 1, Rational(1, 2))), 20);
  CHECK_FALSE(preimage.converged);
  CHECK_FALSE(preimage.exists);
  // The input is sought in the ball, whatever the enclosure of the iteration.
  for (Index k = 0; k < 2; ++k) {
    CHECK(preimage.X(k).lower() >= -1);
    CHECK(preimage.X(k).upper() <= 1);
  }
}

TEST_CASE("what cannot be inverted is refused") {
  const Transformer<Rational> model = scaled_identity(Rational(1, 10), 0, 1, Mask::bidirectional);
  const auto constants = lipschitz_constants(map_norms(model), {1}, model.mask);
  const Matrix<Interval> Y = Matrix<Interval>::Zero(2, 1);
  CHECK_THROWS_AS(enclose_preimage(model, constants, Matrix<Rational>::Zero(2, 1), Y), InputError);
  CHECK_THROWS_AS(enclose_preimage(model, constants, Matrix<Rational>(2, 0), Matrix<Interval>::Zero(3, 1)),
                  InputError);
  CHECK_THROWS_AS(enclose_preimage(model, lipschitz_constants(map_norms(model), {9}, model.mask),
                                   Matrix<Rational>(2, 0), Y),
                  InputError);
}

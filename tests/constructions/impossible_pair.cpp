#include <doctest/doctest.h>

#include <promptbound/constructions/impossible_pair.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/memorization/shared_query.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Transformer<Rational> random_single_layer(RandomNumbers& random, Index d, bool with_block) {
  Layer<Rational> layer;
  layer.heads = {{random.matrix(d, d), random.matrix(d, d), random.matrix(d, d), random.matrix(d, d)}};
  if (with_block) {
    const Rational size(1, 3 * d);
    layer.ffn = FeedForward<Rational>{random.matrix(d, d, -size, size), random.matrix(d, 1),
                                      random.matrix(d, d, -size, size), random.matrix(d, 1)};
  }
  return {d, {layer}, Mask::bidirectional};
}

double miss(const Transformer<double>& model, const Matrix<double>& prompt, const Matrix<Rational>& input,
            const Vector<Rational>& wanted) {
  return (evaluate(model, prompt, Matrix<double>(input.cast<double>())).col(1) - wanted.cast<double>())
      .cwiseAbs()
      .maxCoeff();
}

}  // namespace

TEST_CASE("the pair is refused at every length and prompts of any size stay above its floor") {
  RandomNumbers random(51);
  for (int i = 0; i < 30; ++i) {
    const Index d = random.integer(1, 6);
    const Transformer<Rational> model = random_single_layer(random, d, i % 2 == 0);
    const ImpossiblePair pair = impossible_pair(model);
    CHECK(pair.first.col(1) == pair.second.col(1));
    CHECK(pair.first.minCoeff() >= 0);
    CHECK(pair.first.maxCoeff() <= 1);
    const PromptLengths lengths = decide_prompt_lengths(shared_query_problem(pair.data));
    CHECK(lengths.set == PromptLengths::Set::none);
    CHECK_FALSE(lengths.empty_fits);

    const Transformer<double> rounded = from_rational<double>(model);
    double best = 1e300;
    for (int trial = 0; trial < 40; ++trial) {
      const Matrix<double> prompt = random.matrix(d, random.integer(0, 5), -trial, trial + 1).cast<double>();
      best = std::min(best, std::max(miss(rounded, prompt, pair.first, pair.first_output),
                                     miss(rounded, prompt, pair.second, pair.second_output)));
    }
    CHECK(pair.floor > 0);
    CHECK(best >= pair.output_floor.convert_to<double>() * (1 - 1e-12));
  }
}

TEST_CASE("the floor is approached by a prompt of large weight at the middle of the targets") {
  RandomNumbers random(52);
  // With A = 0 every token weighs 1: many copies of the token whose value is the mean of the targets.
  Transformer<Rational> model = random_single_layer(random, 3, false);
  model.layers[0].heads[0].W_Q.setZero();
  const ImpossiblePair pair = impossible_pair(model);
  const Vector<double> middle = ((pair.first.col(0) + pair.second.col(0)) / 2).cast<double>();
  const Matrix<double> prompt = middle.replicate(1, 20000);
  const Transformer<double> rounded = from_rational<double>(model);
  const double reached = std::max(miss(rounded, prompt, pair.first, pair.first_output),
                                  miss(rounded, prompt, pair.second, pair.second_output));
  CHECK(reached >= pair.floor.convert_to<double>());
  CHECK(reached <= 1.001 * pair.floor.convert_to<double>());
}

TEST_CASE("models to which the statement does not apply are refused") {
  RandomNumbers random(53);
  Transformer<Rational> model = random_single_layer(random, 2, false);
  model.layers.push_back(model.layers.front());
  CHECK_THROWS_AS((void)impossible_pair(model), InputError);
  model = random_single_layer(random, 2, false);
  model.layers[0].heads[0].W_V.setZero();
  CHECK_THROWS_AS((void)impossible_pair(model), InputError);
  model = random_single_layer(random, 2, true);
  model.layers[0].ffn->W_1.setIdentity();
  model.layers[0].ffn->W_2.setIdentity();
  model.layers[0].ffn->W_2 *= -2;
  CHECK_THROWS_AS((void)impossible_pair(model), InputError);
}

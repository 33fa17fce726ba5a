#include <doctest/doctest.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/memorization/gradient_descent.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

#include "effort.hpp"
#include "random.hpp"
#include "verify/memorization/one_query.hpp"

using namespace promptbound;

namespace {

/// N examples of three tokens around one query, random targets; every other model with a feed-forward block.
OneQueryInstance random_one_head(RandomNumbers& random, Index d, int N, bool with_block) {
  OneQueryInstance instance{{d, {{}}, Mask::bidirectional}, {}};
  Layer<Rational>& layer = instance.model.layers.front();
  layer.heads = {head_of_maps<Rational>(random.matrix(d, d), random.matrix(d, d))};
  if (with_block) {
    const Rational size(1, 3 * d);
    layer.ffn = FeedForward<Rational>{random.matrix(d, d, -size, size), random.matrix(d, 1),
                                      random.matrix(d, d, -size, size), random.matrix(d, 1)};
  }
  instance.data = one_query_data(random, d, N);
  return instance;
}

}  // namespace

TEST_CASE("50 random instances - N = 3..8: no prompt found is below the floor - half come within 2% of it") {
  RandomNumbers random(611);
  const WorkingPrecision scope(128);
  const long count = repetitions(50);
  long close = 0;
  for (long i = 0; i < count; ++i) {
    const OneQueryInstance instance =
        random_one_head(random, random.integer(2, 5), static_cast<int>(3 + i % 6), false);
    const MemorizationAnswer answer = memorize(instance.model, instance.data, Rational(1, 1000000));
    const FoundPrompt found = descend(instance.model, instance.data, {});
    REQUIRE(answer.floor.has_value());
    REQUIRE(answer.floor->lower > 0);
    CHECK(certainly_less_equal(Interval(answer.floor->lower), found.error));
    const double ratio = found.error.upper_double() / answer.floor->lower.convert_to<double>();
    MESSAGE("N=" << instance.data.size() << " d=" << instance.model.width << ": floor "
                 << answer.floor->lower.convert_to<double>() << ", found " << found.error.upper_double()
                 << ", ratio " << ratio);
    close += ratio <= 1.02 ? 1 : 0;
  }
  MESSAGE("within 2%: " << close << " of " << count);
  CHECK(2 * close >= count);
}

TEST_CASE("through a feed-forward block and for queries that differ - the found error is that of the model") {
  RandomNumbers random(612);
  const WorkingPrecision scope(128);
  for (int i = 0; i < 6; ++i) {
    OneQueryInstance instance = random_one_head(random, 3, 3, true);
    if (i % 2 == 1) instance.data[0].tokens.col(0) = random.matrix(3, 1);
    DescentOptions options;
    options.restarts = 3;
    options.steps = 400;
    const FoundPrompt found = descend(instance.model, instance.data, options);
    const MemorizationAnswer answer = memorize(instance.model, instance.data, Rational(1, 1000000));
    CHECK(certainly_less_equal(Interval(answer.output_floor), found.error));
    const Transformer<double> model = from_rational<double>(instance.model);
    double worst = 0, idle = 0;
    for (const MemorizationExample& example : instance.data) {
      const Matrix<double> tokens = example.tokens.cast<double>(), target = example.target.cast<double>();
      const Matrix<double> with = evaluate(model, Matrix<double>(found.prompt.cast<double>()), tokens);
      worst = std::max(worst, (with.col(0) - target).cwiseAbs().maxCoeff());
      idle = std::max(idle, (evaluate(model, tokens).col(0) - target).cwiseAbs().maxCoeff());
    }
    CHECK(found.error.upper_double() == doctest::Approx(worst).epsilon(1e-10));
    CHECK(worst < idle);
  }
}

TEST_CASE("a target that a prompt reaches is found to be reachable") {
  RandomNumbers random(613);
  const WorkingPrecision scope(128);
  OneQueryInstance instance = random_one_head(random, 2, 2, false);
  const Matrix<double> prompt = random.matrix(2, 3).cast<double>();
  for (MemorizationExample& example : instance.data) {
    const Matrix<double> output = evaluate(from_rational<double>(instance.model), prompt,
                                           Matrix<double>(example.tokens.cast<double>()));
    example.target = output.col(0).unaryExpr([](double x) { return Rational(x); });
  }
  DescentOptions options;
  options.tokens = prompt.cols();
  CHECK(descend(instance.model, instance.data, options).error.upper_double() < 1e-3);
  CHECK_THROWS_AS((void)descend(instance.model, {}, {}), InputError);
  instance.model.layers.push_back(instance.model.layers.front());
  CHECK_THROWS_AS((void)descend(instance.model, instance.data, {}), InputError);
}

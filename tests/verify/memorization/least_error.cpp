// The least error of all prompts, between what is forced and what is reached.
#include <doctest/doctest.h>

#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/memorize.hpp>
#include <promptbound/verify/memorization/prompt_error.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// A layer of rank-deficient, zero or full V, perhaps with a block: injective by its norms, or folding.
Transformer<Rational> random_layer_of_kind(RandomNumbers& random, Index d, int kind) {
  Matrix<Rational> V = random.matrix(d, d);
  if (kind % 4 == 0) V.setZero();
  if (kind % 4 == 1) V.row(d - 1).setZero();
  Transformer<Rational> model{
      d, {{{head_of_maps<Rational>(random.matrix(d, d), V)}, std::nullopt}}, Mask::bidirectional};
  if (kind % 3 == 1) {
    const Rational size(1, 4 * d);
    model.layers[0].ffn = FeedForward<Rational>{random.matrix(d, d, -size, size), random.matrix(d, 1),
                                                random.matrix(d, d, -size, size), random.matrix(d, 1)};
  } else if (kind % 3 == 2) {
    const Matrix<Rational> identity = Matrix<Rational>::Identity(d, d);
    model.layers[0].ffn = FeedForward<Rational>{identity, Vector<Rational>::Constant(d, -9), -2 * identity,
                                                Vector<Rational>::Zero(d)};
  }
  return model;
}

MemorizationData random_memorization_data(RandomNumbers& random, Index d, std::size_t count, bool share) {
  const Vector<Rational> query = random.matrix(d, 1);
  MemorizationData data;
  for (std::size_t i = 0; i < count; ++i) {
    Matrix<Rational> tokens = random.matrix(d, random.integer(1, 3));
    if (share) tokens.col(0) = query;
    data.push_back({tokens, 0, tokens.col(0) + random.matrix(d, 1)});
  }
  return data;
}

}  // namespace

TEST_CASE("no prompt's error lies below the least error's lower end and its upper end is above that") {
  RandomNumbers random(1301);
  int bounded = 0, exact = 0;
  for (int kind = 0; kind < 48; ++kind) {
    CAPTURE(kind);
    const Index d = random.integer(1, 3);
    const Transformer<Rational> model = random_layer_of_kind(random, d, kind);
    const MemorizationData data =
        random_memorization_data(random, d, static_cast<std::size_t>(random.integer(1, 4)), kind % 5 != 0);
    const Rational accuracy = kind % 2 == 0 ? Rational(0) : Rational(1, 10);
    const MemorizationAnswer answer = memorize(model, data, accuracy);
    const LeastError& least = answer.least_error;
    REQUIRE(least.upper.has_value());
    CHECK(least.lower <= *least.upper);
    bounded += least.lower > 0 ? 1 : 0;
    const WorkingPrecision scope(256);
    for (int trial = 0; trial < 40; ++trial) {
      const int size = 1 << trial % 8;
      const Interval error = PromptError(model, data)(random.matrix(d, random.integer(0, 5), -size, size));
      CHECK_FALSE(certainly_less(error, Interval(least.lower)));
    }
    if (kind % 4 != 0) continue;
    // V = 0: all prompts are the empty one.
    const Interval empty = PromptError(model, data)(Matrix<Rational>(d, 0));
    CHECK(empty.contains(least.lower));
    CHECK(empty.contains(*least.upper));
    ++exact;
  }
  CHECK(bounded > 20);
  CHECK(exact == 12);
}

TEST_CASE("half the largest distance of two targets is approached by ever longer prompts") {
  RandomNumbers random(1302);
  const WorkingPrecision scope(256);
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    const Index d = random.integer(1, 3);
    const Matrix<Rational> V =
        Matrix<Rational>::Identity(d, d) + random.matrix(d, d, Rational(-1, 8), Rational(1, 8));
    const Matrix<Rational> A =
        i % 4 == 0 ? Matrix<Rational>(Matrix<Rational>::Zero(d, d)) : random.matrix(d, d);
    const Transformer<Rational> model{
        d, {{{head_of_maps<Rational>(A, V)}, std::nullopt}}, Mask::bidirectional};
    const MemorizationData data = random_memorization_data(random, d, 3, true);
    const LeastError least = memorize(model, data, 0).least_error;
    Vector<Rational> low = data[0].target, high = low;
    for (const MemorizationExample& example : data) {
      low = low.cwiseMin(example.target);
      high = high.cwiseMax(example.target);
    }
    const Rational limit = (high - low).maxCoeff() / 2;
    CHECK(*least.upper <= limit);
    const Vector<Rational> query = data[0].tokens.col(0);
    // Ever more copies of the mean token that asks for the middle: S_P grows with their number.
    const Matrix<Rational> mean = multiply(*inverse(V), Matrix<Rational>((low + high) / Rational(2) - query));
    bool is_close = false;
    for (Index m = 16; m <= 1 << 15 && !is_close; m *= 8) {
      const Interval error = PromptError(model, data)(mean.replicate(1, m));
      CHECK_FALSE(certainly_less(error, Interval(least.lower)));
      is_close = certainly_less(error, Interval(Rational(limit + Rational(1, 100))));
    }
    CHECK(is_close);
  }
}

#include <doctest/doctest.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/transformer.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// Two heads of different inner widths, one without W_O, and a feed-forward block, twice. Uniform: W_Q = 0.
Transformer<Rational> random_transformer(RandomNumbers& random, Index width, Mask mask, bool uniform) {
  Transformer<Rational> model{.width = width, .layers = {}, .mask = mask};
  for (int l = 0; l < 2; ++l) {
    Layer<Rational>& layer = model.layers.emplace_back();
    for (const Index inner : {Index(1), width}) {
      const Rational size = uniform ? 0 : 1;
      layer.heads.push_back({random.matrix(inner, width, -size, size), random.matrix(inner, width),
                             random.matrix(inner, width), std::nullopt});
      if (inner != width) layer.heads.back().W_O = random.matrix(width, inner);
    }
    layer.ffn = FeedForward<Rational>{random.matrix(5, width), random.matrix(5, 1), random.matrix(width, 5),
                                      random.matrix(width, 1)};
  }
  model.check_shapes();
  return model;
}

template <class Scalar>
Sequence<Scalar> model_output(const Transformer<Rational>& model, const Sequence<Rational>& prompt,
                              const Sequence<Rational>& input) {
  return evaluate(from_rational<Scalar>(model), from_rational<Scalar>(prompt), from_rational<Scalar>(input));
}

}  // namespace

TEST_CASE("one transformer in every scalar: enclosures are nested around the exact output") {
  RandomNumbers random(5);
  for (int trial = 0; trial < 20; ++trial) {
    const Mask mask = trial % 2 == 0 ? Mask::bidirectional : Mask::causal;
    const bool uniform = trial % 4 < 2;
    const Index width = random.integer(1, 4);
    const Transformer<Rational> model = random_transformer(random, width, mask, uniform);
    const Sequence<Rational> prompt = random.matrix(width, random.integer(0, 3));
    const Sequence<Rational> input = random.matrix(width, random.integer(1, 3));
    const WorkingPrecision coarse(64);
    const auto fast = model_output<FastInterval>(model, prompt, input);
    const auto certified = model_output<Interval>(model, prompt, input);
    const WorkingPrecision fine(256);
    const auto tight = model_output<Interval>(model, prompt, input);
    const auto precise = model_output<Real>(model, prompt, input);
    const auto plain = model_output<double>(model, prompt, input);
    REQUIRE(fast.cols() == input.cols());
    for (Index i = 0; i < fast.size(); ++i) {
      const Rational error = abs(Rational(Rational(plain(i)) - tight(i).lower()));
      CHECK(Interval(fast(i)).contains(certified(i)));
      CHECK(certified(i).contains(tight(i)));
      CHECK(certified(i).contains(static_cast<Rational>(precise(i))));
      CHECK(error < Rational(1, 1000000000));
      CHECK(tight(i).is_relatively_tight(150));
    }
    if (uniform) {
      const auto exact = model_output<Rational>(model, prompt, input);
      for (Index i = 0; i < fast.size(); ++i) CHECK(tight(i).contains(exact(i)));
    }
  }
}

TEST_CASE("2.1: attention to [P - X] is the mean of attention to P and to X - weighted by their score sums") {
  const WorkingPrecision scope(128);
  RandomNumbers random(7);
  for (int trial = 0; trial < 20; ++trial) {
    const Index width = random.integer(1, 4);
    const AttentionHead<Interval> head = head_of_maps(from_rational<Interval>(random.matrix(width, width)),
                                                      from_rational<Interval>(random.matrix(width, width)));
    const auto P = from_rational<Interval>(random.matrix(width, random.integer(1, 4)));
    const auto X = from_rational<Interval>(random.matrix(width, random.integer(1, 4)));
    const Matrix<Interval> query = X.col(0);
    const Vector<Interval> x = query;
    const auto score_sum = [&](const Sequence<Interval>& Z) {
      const Matrix<Interval> transposed = Z.transpose();
      const Matrix<Interval> scores = multiply(transposed, multiply(head.score_matrix(), query));
      Interval sum(0);
      for (Index j = 0; j < scores.size(); ++j) sum += exp(scores(j));
      return sum;
    };
    const Interval S_P = score_sum(P);
    const Interval S_X = score_sum(X);
    const Vector<Interval> whole = attend_from(head, x, concatenate(P, X));
    const Vector<Interval> of_prompt = attend_from(head, x, P);
    const Vector<Interval> of_input = attend_from(head, x, X);
    for (Index row = 0; row < width; ++row) {
      const Interval mean = (S_P * of_prompt(row) + S_X * of_input(row)) / (S_P + S_X);
      CHECK(intersection(mean, whole(row)).is_finite());
      CHECK(mean.is_relatively_tight(60));
      CHECK(whole(row).is_relatively_tight(60));
    }
  }
}

TEST_CASE("a causal position sees itself and what is before it") {
  RandomNumbers random(11);
  const Transformer<Rational> model = random_transformer(random, 3, Mask::causal, true);
  const Sequence<Rational> Z = random.matrix(3, 5);
  const Sequence<Rational> whole = evaluate(model, Z);
  const Sequence<Rational> start = evaluate(model, Sequence<Rational>(Z.leftCols(3)));
  CHECK(whole.leftCols(3) == start);
  CHECK(evaluate(model, Sequence<Rational>(Z.leftCols(2)), Sequence<Rational>(Z.rightCols(3))) ==
        whole.rightCols(3));
}

TEST_CASE("the outputs at the input are those of the whole sequence") {
  RandomNumbers random(13);
  const Transformer<Rational> model = random_transformer(random, 2, Mask::bidirectional, true);
  const Sequence<Rational> prompt = random.matrix(2, 3);
  const Sequence<Rational> input = random.matrix(2, 2);
  CHECK(evaluate(model, prompt, input) == evaluate(model, concatenate(prompt, input)).rightCols(2));
}

TEST_CASE("shapes that do not fit are named") {
  RandomNumbers random(17);
  Transformer<Rational> model = random_transformer(random, 3, Mask::bidirectional, true);
  model.layers[1].heads[0].W_V = random.matrix(2, 3);
  CHECK_THROWS_WITH_AS(model.check_shapes(), "layers[1].heads[0].W_O: has shape 3x1 (accepted: 3x2)",
                       InputError);
  model = random_transformer(random, 3, Mask::bidirectional, true);
  model.layers[0].ffn->b_1 = random.matrix(4, 1);
  CHECK_THROWS_WITH_AS(model.check_shapes(), "layers[0].ffn.b_1: has shape 4x1 (accepted: 5x1)", InputError);
  CHECK_THROWS_WITH_AS(static_cast<void>(evaluate(model, random.matrix(2, 2))),
                       "input: has shape 2x2 (accepted: 3 rows and at least one token)", InputError);
  CHECK_THROWS_AS(static_cast<void>(evaluate(model, random.matrix(2, 1), random.matrix(3, 1))), InputError);
}

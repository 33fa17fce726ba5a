#include <doctest/doctest.h>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/memorize.hpp>
#include <promptbound/verify/memorization/prompt_error.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// One head of width 1 with the score matrix A and V = 1.
Transformer<Rational> one_head(const Rational& A) {
  Transformer<Rational> model{.width = 1, .layers = {{}}, .mask = Mask::bidirectional};
  model.layers.front().heads = {
      head_of_maps<Rational>(Matrix<Rational>::Constant(1, 1, A), Matrix<Rational>::Ones(1, 1))};
  return model;
}

MemorizationExample example_of(const std::vector<Rational>& tokens, const Rational& target) {
  MemorizationExample example{Matrix<Rational>(1, static_cast<Index>(tokens.size())), 0,
                              Vector<Rational>::Constant(1, target)};
  for (std::size_t j = 0; j < tokens.size(); ++j) example.tokens(0, static_cast<Index>(j)) = tokens[j];
  return example;
}

}  // namespace

TEST_CASE("an error that is a ratio of whole sums is a point: 1/3 three times is 1") {
  const WorkingPrecision scope(128);
  const Transformer<Rational> model = one_head(0);
  // The query 1 and two more tokens of sum 2: mean 1, output 2.
  const MemorizationData data = {example_of({1, Rational(1, 2), Rational(3, 2)}, Rational(3, 2))};
  const Interval error = PromptError(model, data)(Matrix<Rational>(1, 0));
  CHECK(error.is_point());
  CHECK(error.lower() == Rational(1, 2));
  // With prompt tokens as well: (3 + 4 + 5)/5 keys.
  Matrix<Rational> prompt(1, 2);
  prompt << 3, 4;
  const Interval with_prompt = PromptError(model, data)(prompt);
  CHECK(with_prompt.contains(Rational(1) + Rational(10, 5) - Rational(3, 2)));
  CHECK(with_prompt.is_point());
}

TEST_CASE("exponentials that cancel leave a point") {
  const WorkingPrecision scope(128);
  // Scores are three times the first entry, values the second one: 2 e^3 - 2 e^3 = 0.
  Matrix<Rational> A = Matrix<Rational>::Zero(2, 2), V = A, tokens(2, 4);
  A(0, 0) = 3;
  V(1, 1) = 1;
  tokens << 1, 1, 1, -1,  //
      0, 2, -2, 0;
  Transformer<Rational> model{.width = 2, .layers = {{}}, .mask = Mask::bidirectional};
  model.layers.front().heads = {head_of_maps<Rational>(A, V)};
  Vector<Rational> target(2);
  target << 1, Rational(1, 4);
  const MemorizationData data = {{tokens, 0, target}};
  const Interval error = PromptError(model, data)(Matrix<Rational>(2, 0));
  CHECK(error.is_point());
  CHECK(error.lower() == Rational(1, 4));
}

TEST_CASE("a prompt whose error equals the accuracy is accepted, and a smaller accuracy is not met by it") {
  const Transformer<Rational> model = one_head(0);
  const MemorizationData data = {example_of({1, Rational(1, 2), Rational(3, 2)}, Rational(3, 2))};
  const MemorizationAnswer answer = memorize(model, data, Rational(1, 2));
  CHECK(answer.verdict == Verdict::proved);
  REQUIRE(answer.prompt.has_value());
  CHECK(answer.prompt->cols() == 0);
  REQUIRE(answer.error.has_value());
  CHECK(answer.error->is_point());
  const MemorizationAnswer closer = memorize(model, data, Rational(499, 1000));
  CHECK((closer.verdict != Verdict::proved || closer.prompt->cols() > 0));
}

TEST_CASE("both ways to enclose an error agree on random data") {
  const WorkingPrecision scope(192);
  RandomNumbers random(2641);
  for (int trial = 0; trial < 20; ++trial) {
    const Index d = random.integer(1, 3);
    Transformer<Rational> model{.width = d, .layers = {{}}, .mask = Mask::bidirectional};
    if (trial % 2 == 0) model.mask = Mask::causal;
    Layer<Rational>& layer = model.layers.front();
    layer.heads = {head_of_maps<Rational>(random.matrix(d, d), random.matrix(d, d))};
    if (trial % 3 == 0) {
      layer.ffn = FeedForward<Rational>{random.matrix(4, d), random.matrix(4, 1), random.matrix(d, 4),
                                        random.matrix(d, 1)};
    }
    // A second layer that does nothing is evaluated layer by layer.
    Transformer<Rational> layered = model;
    layered.layers.emplace_back();
    MemorizationData data;
    const Matrix<Rational> shared = random.matrix(d, 1);
    for (int i = 0; i < 3; ++i) {
      data.push_back({random.matrix(d, 4), random.integer(0, 3), random.matrix(d, 1)});
      if (i > 0) data.back().tokens.col(data.back().query) = shared;
    }
    const Matrix<Rational> prompt = random.matrix(d, random.integer(0, 3));
    const Interval by_sums = PromptError(model, data)(prompt), by_layers = PromptError(layered, data)(prompt);
    CHECK_NOTHROW(static_cast<void>(intersection(by_sums, by_layers)));
    CHECK(by_sums.is_relatively_tight(100));
    CHECK(by_layers.is_relatively_tight(100));
  }
}

#include <doctest/doctest.h>

#include <promptbound/constructions/lookup/memorization_prompt.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE("N prompt tokens reproduce N random examples within eps - the bound included") {
  RandomNumbers random(89);
  const WorkingPrecision scope(128);
  for (const auto& [d, L, N] : {std::tuple(2L, 1L, 6), {1L, 3L, 5}, {2L, 2L, 8}, {1L, 1L, 1}}) {
    for (const Number& alpha : {Number(Rational(1)), Number::infinity()}) {
      const Rational eps(1, 1000);
      std::vector<LookupExample> examples;
      examples.reserve(static_cast<std::size_t>(N));
      for (int i = 0; i < N; ++i) examples.push_back({random.matrix(d, L, 0, 1), random.matrix(d, L, 0, 1)});
      const MemorizationPrompt memorized(examples, alpha, eps);
      CHECK(certainly_less_equal(memorized.guarantee(), Interval(eps)));
      const Transformer<Interval> model = from_rational<Interval>(memorized.blocks().transformer());
      const Matrix<Interval> prompt = from_rational<Interval>(memorized.prompt());
      CHECK(prompt.cols() == N);
      for (const LookupExample& example : examples) {
        const Matrix<Interval> input = from_rational<Interval>(memorized.blocks().input(example.input));
        const Matrix<Interval> output = memorized.blocks().output(evaluate(model, prompt, input));
        const Matrix<Interval> difference = output - from_rational<Interval>(example.target);
        CHECK(certainly_less(alpha_norm(difference, alpha),
                             memorized.guarantee() + Interval(Rational(1, 1000000000))));
      }
    }
  }
}

TEST_CASE("unusable examples are named") {
  RandomNumbers random(97);
  const Matrix<Rational> X = random.matrix(1, 2, 0, 1);
  const Matrix<Rational> Y = random.matrix(1, 2, 0, 1);
  const Number two(Rational(2));
  CHECK_THROWS_WITH_AS(MemorizationPrompt({{X, Y}, {Y, X}, {X, X}}, two, 1),
                       "examples[2].input: equals that of examples[0] (accepted: distinct inputs)",
                       InputError);
  CHECK_THROWS_AS(
      MemorizationPrompt({{X, Matrix<Rational>(2 * Y)}, {Y, Matrix<Rational>::Constant(1, 2, 2)}}, two, 1),
      InputError);
  CHECK_THROWS_AS(MemorizationPrompt({{X, random.matrix(2, 1, 0, 1)}}, two, 1), InputError);
  CHECK_THROWS_AS(MemorizationPrompt({}, two, 1), InputError);
  CHECK_THROWS_AS(MemorizationPrompt({{X, Y}}, two, 0), InputError);
}

#include <doctest/doctest.h>

#include <promptbound/constructions/lookup/lookup_transformer.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// The largest error of the construction at random exact points, from above.
template <class Scalar>
Interval largest_error(const LookupTransformer& construction, const Target& f, int points,
                       RandomNumbers& random) {
  const Transformer<Scalar> model = from_rational<Scalar>(construction.blocks().transformer());
  const Matrix<Scalar> prompt = from_rational<Scalar>(construction.prompt(f));
  Interval largest(0);
  for (int i = 0; i < points; ++i) {
    const Matrix<Rational> X = random.matrix(f.d, f.L, 0, 1);
    const Matrix<Scalar> input = from_rational<Scalar>(construction.blocks().input(X));
    const Matrix<Scalar> output = construction.blocks().output(evaluate(model, prompt, input));
    const Matrix<Scalar> wanted = evaluate(f, from_rational<Scalar>(X));
    Matrix<Interval> difference(f.n(), 1);
    for (Index o = 0; o < f.n(); ++o) difference(o) = Interval(output(o)) - Interval(wanted(o));
    largest = max(largest, alpha_norm(difference, construction.recipe().alpha));
  }
  return largest;
}

}  // namespace

TEST_CASE("C = 1 - eps = 1/10: m is that of theory 1.4 and the error stays below eps at random points") {
  RandomNumbers random(79);
  const WorkingPrecision scope(64);
  for (const auto& [d, L] : {std::pair(1L, 1L), {2L, 1L}, {1L, 2L}, {3L, 1L}, {1L, 3L}}) {
    for (const Number& alpha : {Number(Rational(2)), Number::infinity()}) {
      const LookupTransformer construction(LookupRecipe::choose(d, L, 1, alpha, Rational(1, 10)));
      const Integer k = least_grid(1, d * L, alpha, Rational(1, 10));
      CHECK(Integer(construction.prompt_tokens()) ==
            boost::multiprecision::pow(k, static_cast<unsigned>(d * L)));
      CHECK(certainly_less(construction.guarantee(), Interval(Rational(1, 10))));
      construction.blocks().transformer().check_shapes();
      CHECK(construction.blocks().transformer().layers.size() == (L == 1 ? 1U : 3U));
      for (const Target& f :
           {Target{d, L, Reversal{}}, Target{d, L, SineField{2}}, random_table(d, L, 2, 1, alpha, 3)}) {
        const int points = alpha.infinite ? 10000 : 500;
        CHECK(certainly_less(largest_error<FastInterval>(construction, f, points, random),
                             Interval(Rational(1, 10))));
      }
    }
  }
}

TEST_CASE("multiple-precision intervals tell the same - more tightly") {
  RandomNumbers random(83);
  const WorkingPrecision scope(128);
  const LookupTransformer construction(LookupRecipe::choose(1, 2, 1, Number::infinity(), Rational(1, 10)));
  CHECK(certainly_less(largest_error<Interval>(construction, Target{1, 2, Reversal{}}, 20, random),
                       Interval(Rational(1, 10))));
}

TEST_CASE("one cell less is too few: the identity at 0 is then off by more than eps") {
  LookupRecipe recipe = LookupRecipe::choose(1, 1, 1, Number::infinity(), Rational(1, 10));
  CHECK(recipe.k == 6);
  recipe.k = 5;
  recipe.beta = 8 * 25;
  recipe.Lambda_2 = 40;
  const LookupTransformer coarse(recipe);
  const Target identity{1, 1, Identity{}};
  const Transformer<FastInterval> model = from_rational<FastInterval>(coarse.blocks().transformer());
  const Matrix<FastInterval> prompt = from_rational<FastInterval>(coarse.prompt(identity));
  const Matrix<Rational> zero = Matrix<Rational>::Zero(1, 1);
  const Matrix<FastInterval> output = coarse.blocks().output(
      evaluate(model, prompt, from_rational<FastInterval>(coarse.blocks().input(zero))));
  CHECK(certainly_less(FastInterval(Rational(1, 10)), output(0)));
  CHECK_FALSE(certainly_less(coarse.guarantee(), Interval(Rational(1, 10))));
}

TEST_CASE("the spread bounds the Gaussian mean of distances on the grid itself") {
  // One coordinate, alpha = 1: sup over x of sum_g |x - g| w_g 2k <= 1 + tau, from theory 5.2 with C = 1.
  const WorkingPrecision scope(80);
  for (long B : {1L, 2L, 8L, 64L}) {
    const Interval tau = gaussian_spread(1, Number(Rational(1)), Rational(B));
    for (long step = 0; step <= 40; ++step) {
      // Unit cells around 0, the point at x in [-1/2, 1/2]; cells beyond 20 do not matter at 80 bits.
      const Rational x(step - 20, 40);
      Interval weights(0), moment(0);
      for (long g = -20; g <= 20; ++g) {
        const Rational distance = abs(Rational(x - g));
        const Interval weight = exp(Interval(Rational(-B * distance * distance)));
        weights += weight;
        moment += weight * Interval(distance);
      }
      CHECK_FALSE(certainly_less(Interval(1) + tau, Interval(2) * moment / weights));
    }
  }
}

TEST_CASE("unusable parameters are refused") {
  const Number two(Rational(2));
  CHECK_THROWS_AS(LookupRecipe::choose(0, 1, 1, two, Rational(1, 10)), InputError);
  CHECK_THROWS_AS(LookupRecipe::choose(1, 1, 1, two, Rational(0)), InputError);
  CHECK_THROWS_AS(LookupRecipe::choose(1, 1, -1, two, Rational(1, 10)), InputError);
  CHECK_THROWS_AS(LookupRecipe::choose(1, 1, 1, Number(Rational(1, 2)), Rational(1, 10)), InputError);
  CHECK_THROWS_WITH_AS(
      LookupRecipe::choose(2, 2, 1, Number::infinity(), Rational(1, 1000)),
      "eps: the prompt has k^n tokens of width 22 with k = 501, n = 4 (accepted: at most 100000000 "
      "entries)",
      InputError);
  const LookupRecipe constant = LookupRecipe::choose(2, 2, 0, two, Rational(1, 10));
  CHECK(constant.k == 1);
}

#include <doctest/doctest.h>

#include <promptbound/constructions/lookup/lookup_transformer.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/supremum/box_error.hpp>
#include <promptbound/verify/supremum/static_prompt.hpp>

#include "lookup_problem.hpp"
#include "random.hpp"
#include "stacks.hpp"

using namespace promptbound;

namespace {

Matrix<Interval> errors_at(const ApproximationProblem& problem, const Matrix<Rational>& X) {
  const WorkingPrecision finer(300);
  Matrix<Rational> tokens = problem.tokens;
  tokens.topRows(problem.target.d) += X;
  const Matrix<Interval> output =
      evaluate(from_rational<Interval>(problem.model), from_rational<Interval>(problem.prompt),
               from_rational<Interval>(tokens));
  return output.topRows(problem.target.d) - evaluate(problem.target, from_rational<Interval>(X));
}

/// The forms contain the errors at random points of the box, for all keys and for keys selected around it.
template <class S>
void check_box_containment(const ApproximationProblem& problem, RandomNumbers& random, int boxes) {
  const WorkingPrecision scope(128);
  const BoxError<S> forms_of(problem);
  const auto n = static_cast<std::size_t>(problem.target.n());
  for (int b = 0; b < boxes; ++b) {
    Box outer, inner;
    for (std::size_t i = 0; i < n; ++i) {
      const double radius = std::ldexp(1.0, -static_cast<int>(random.integer(1, 8)));
      const double centre = radius + static_cast<double>(random.integer(0, 16)) / 16 * (1 - 2 * radius);
      outer.centre.push_back(centre);
      outer.radius.push_back(radius);
      inner.centre.push_back(centre + radius / 2);
      inner.radius.push_back(b % 3 == 0 ? 0 : radius / 2);
    }
    KeySelection selected;
    (void)forms_of(outer, forms_of.all_keys(), &selected);
    for (const KeySelection* keys : {&forms_of.all_keys(), static_cast<const KeySelection*>(&selected)}) {
      const Matrix<LinearForm<S>> forms = forms_of(inner, *keys);
      Matrix<Rational> X(problem.target.d, problem.target.L);
      std::vector<Rational> delta;
      for (std::size_t i = 0; i < n; ++i) {
        delta.push_back(Rational(random.integer(-8, 8), 8));
        X(static_cast<Index>(i)) = Rational(inner.centre[i]) + delta[i] * Rational(inner.radius[i]);
      }
      const Matrix<Interval> exact = errors_at(problem, X);
      for (Index o = 0; o < exact.size(); ++o) {
        S value = forms(o).centre();
        for (std::size_t i = 0; i < forms(o).slopes().size(); ++i)
          value += forms(o).slopes()[i] * S(delta[i]);
        CHECK(Interval(value).contains(exact(o)));
      }
    }
  }
}

}  // namespace

TEST_CASE("the lookup transformer: forms contain the error with all keys and with those selected") {
  RandomNumbers random(419);
  for (const Target& f :
       {Target{1, 1, SineField{2}}, Target{2, 1, Identity{}}, Target{1, 2, Reversal{}},
        Target{1, 2, CoordinateMaximum{}}, random_table(2, 1, 2, 1, Number::infinity(), 5)}) {
    const ApproximationProblem problem = lookup_problem(f, Rational(1, 8));
    check_box_containment<FastInterval>(problem, random, 60);
    check_box_containment<Interval>(problem, random, 5);
  }
}

TEST_CASE("random stacks - causal and bidirectional with prompts that move and prompts that do not") {
  RandomNumbers random(421);
  int moving = 0;
  for (int i = 0; i < 12; ++i) {
    const Mask mask = i % 2 == 0 ? Mask::causal : Mask::bidirectional;
    const Index width = 3, L = random.integer(1, 3), d = random.integer(1, 2);
    const Transformer<Rational> model =
        random_stack(random, width, static_cast<int>(random.integer(1, 3)), Rational(1, 2), mask);
    const ApproximationProblem problem{model, random.matrix(width, random.integer(0, 3)),
                                       random.matrix(width, L), Target{d, L, MeanPooling{}},
                                       Number::infinity()};
    moving += static_prompt(model, problem.prompt) ? 0 : 1;
    check_box_containment<FastInterval>(problem, random, 30);
    check_box_containment<Interval>(problem, random, 3);
  }
  CHECK(moving > 0);
  CHECK(moving < 12);
}

TEST_CASE("which prompts are static") {
  RandomNumbers random(431);
  const Matrix<Rational> prompt = random.matrix(2, 3);
  CHECK(static_prompt(random_stack(random, 2, 3, 1, Mask::causal), prompt));
  Transformer<Rational> one = random_stack(random, 2, 1, 1, Mask::bidirectional);
  CHECK(static_prompt(one, prompt));
  // A second layer reads what the first has written.
  one.layers.push_back(one.layers.front());
  CHECK_FALSE(static_prompt(one, prompt));
  const Target f{1, 2, Reversal{}};
  const ApproximationProblem lookup = lookup_problem(f, Rational(1, 8));
  CHECK(static_prompt(lookup.model, lookup.prompt));
}

TEST_CASE("shapes that do not fit are refused") {
  ApproximationProblem problem = lookup_problem(Target{1, 2, Reversal{}}, Rational(1, 4));
  problem.target.L = 3;
  CHECK_THROWS_AS(BoxError<FastInterval>{problem}, InputError);
  problem.target.L = 2;
  problem.prompt.conservativeResize(problem.prompt.rows() - 1, Eigen::NoChange);
  CHECK_THROWS_AS(BoxError<FastInterval>{problem}, InputError);
}

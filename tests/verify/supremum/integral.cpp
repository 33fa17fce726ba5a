#include <doctest/doctest.h>

#include <promptbound/constructions/universal_transformer.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/supremum/integral.hpp>

#include "lookup_problem.hpp"
#include "plain_problem.hpp"
#include "random.hpp"

using namespace promptbound;

namespace {

IntegralAnswer integrate(const ApproximationProblem& problem, const Rational& eps,
                         const Rational& ratio = Rational(1, 20), int threads = 1) {
  IntegralOptions options;
  options.eps = eps;
  options.ratio = ratio;
  options.threads = threads;
  return enclose_integral(problem, options);
}

}  // namespace

TEST_CASE("integrals that are known: reversal against the identity") {
  const WorkingPrecision scope(64);
  // Two tokens of one entry, |x - y| at both: integral 2/3 for alpha = 1, 1/3 for alpha = 2 (then the root).
  const IntegralAnswer one = integrate(plain_problem({1, 2, Reversal{}}, Number(1)), 1, Rational(1, 1000));
  CHECK(one.verdict == Verdict::proved);
  CHECK(one.d_alpha.contains(Rational(2, 3)));
  CHECK(certainly_less(one.d_alpha, Interval(Rational(668, 1000))));
  const IntegralAnswer two = integrate(plain_problem({1, 2, Reversal{}}, Number(2)), 1, Rational(1, 1000));
  CHECK((two.d_alpha * two.d_alpha).contains(Rational(1, 3)));
  CHECK(certainly_less(two.d_alpha, Interval(Rational(578, 1000))));
  // alpha = 3/2: 2 * integral of |x-y|^{3/2} = 4/(5/2 * 7/2) = 16/35.
  const IntegralAnswer half =
      integrate(plain_problem({1, 2, Reversal{}}, Rational(3, 2)), 1, Rational(1, 1000));
  CHECK(power(half.d_alpha, Rational(3, 2)).contains(Rational(16, 35)));
  CHECK(integrate(plain_problem({2, 1, Identity{}}, Number(2)), 0).verdict == Verdict::proved);
}

TEST_CASE("eps below the integral is refuted and a small budget leaves it unknown") {
  CHECK(integrate(plain_problem({1, 2, Reversal{}}, Number(1)), Rational(66, 100)).verdict ==
        Verdict::refuted);
  IntegralOptions options;
  options.eps = Rational(2, 3);  // equal: no enclosure decides
  options.most_boxes = 3000;
  const IntegralAnswer answer = enclose_integral(plain_problem({1, 2, Reversal{}}, Number(1)), options);
  CHECK(answer.verdict == Verdict::unknown);
  CHECK_FALSE(answer.why.empty());
  CHECK_THROWS_AS((void)enclose_integral(lookup_problem({1, 1, Identity{}}, Rational(1, 5)), options),
                  InputError);
}

TEST_CASE(
    "of a lookup transformer: below its supremum - above its mean at points - the same for any threads") {
  const ApproximationProblem problem =
      lookup_problem({1, 2, Reversal{}}, Rational(1, 4), Number(Rational(2)));
  const IntegralAnswer answer = integrate(problem, Rational(1, 4));
  REQUIRE(answer.verdict == Verdict::proved);
  SupremumOptions options;
  options.eps = Rational(1, 4);
  CHECK(answer.d_alpha.lower() <= enclose_supremum(problem, options).upper.value());
  const IntegralAnswer again = integrate(problem, Rational(1, 4), Rational(1, 20), 2);
  CHECK(*again.spent.boxes == *answer.spent.boxes);
  CHECK(again.d_alpha.contains(answer.d_alpha));
  // The mean of squares at random points, a standard error of about 2%.
  RandomNumbers random(907);
  Rational mean = 0;
  constexpr int points = 1000;
  for (int k = 0; k < points; ++k) {
    const Rational error = error_at(problem, random.matrix(1, 2, 0, 1)).upper();
    mean += error * error / points;
  }
  CHECK(Rational(answer.d_alpha.upper() * answer.d_alpha.upper()) > mean * Rational(9, 10));
  CHECK(Rational(answer.d_alpha.lower() * answer.d_alpha.lower()) < mean * Rational(11, 10));
}

TEST_CASE("5.1's transformer keeps its guarantee in d_alpha - ramps included") {
  const long k = 3;
  const UniversalTransformer network(1, 1, k, Rational(1, 300));
  const Target f{1, 1, SineField{2}};
  const ApproximationProblem problem{network.dense(UniversalForm::wide), network.prompt(quantize(f, k)),
                                     network.input(Matrix<Rational>::Zero(1, 1)), f, Number(Rational(2))};
  const Rational eps = network.guarantee(lipschitz_constant(f, Number(Rational(2))), 2).upper();
  CHECK(integrate(problem, eps).verdict == Verdict::proved);
}

TEST_CASE("what has no finite bound is not refuted for it and has no upper end") {
  // An error of 10 everywhere, up to 1e-9; the exponentials of the second layer overflow for x > 1/2, and
  // with them the bounds of every box.
  const auto matrix = [](Index rows, Index columns, const std::vector<Rational>& entries) {
    Matrix<Rational> result(rows, columns);
    for (Index i = 0; i < result.size(); ++i)
      result(i / columns, i % columns) = entries[static_cast<std::size_t>(i)];
    return result;
  };
  ApproximationProblem problem{{3, {}, Mask::bidirectional},
                               matrix(3, 2, {0, 0, 0, 0, 1, -1}),
                               Matrix<Rational>::Zero(3, 1),
                               Target{1, 1, Identity{}},
                               Number(Rational(2))};
  problem.model.layers.push_back(
      {{},
       FeedForward<Rational>{matrix(1, 3, {1, 0, 0}), Vector<Rational>::Constant(1, Rational(-1, 2)),
                             matrix(3, 1, {0, 100000, 0}), matrix(3, 1, {10, -25000, 0})}});
  AttentionHead<Rational> head;
  head.W_Q = matrix(1, 3, {0, 1, 0});
  head.W_K = matrix(1, 3, {0, 0, 1});
  head.W_V = Matrix<Rational>::Zero(3, 3);
  head.W_V(0, 2) = Rational(1, 1000000000);
  problem.model.layers.push_back({{head}, {}});
  IntegralOptions options;
  options.eps = 11;
  options.most_boxes = 2000;
  const IntegralAnswer answer = enclose_integral(problem, options);
  CAPTURE(answer.why);
  CHECK(answer.verdict != Verdict::refuted);
  CHECK_FALSE(certainly_less(Interval(Rational(101, 10)), answer.d_alpha));
  CHECK_FALSE(certainly_less(answer.d_alpha, Interval(Rational(99, 10))));
  CHECK_FALSE(answer.why.empty());
  options.eps = 9;
  CHECK(enclose_integral(problem, options).verdict != Verdict::proved);
}

TEST_CASE("powers at any exponent: a constant error is its own d_alpha") {
  for (const Rational& alpha : {Rational(1), Rational(2), Rational(1000), Rational(power(Integer(10), 19))}) {
    ApproximationProblem problem = plain_problem({1, 1, Identity{}}, alpha);
    problem.tokens(0, 0) = 10;
    CAPTURE(alpha.str());
    const IntegralAnswer answer = integrate(problem, 11);
    CAPTURE(answer.why);
    CHECK(answer.verdict == Verdict::proved);
    CHECK(answer.d_alpha.contains(Rational(10)));
    CHECK(integrate(problem, 9).verdict == Verdict::refuted);
  }
}

TEST_CASE("a negative eps is no claim") {
  CHECK_THROWS_AS((void)integrate(plain_problem({1, 2, Reversal{}}, Number(1)), -1), InputError);
}

#include <doctest/doctest.h>

#include <promptbound/constructions/universal_transformer.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/integral.hpp>

#include "lookup_problem.hpp"
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

/// No layers: the output is the input.
ApproximationProblem plain(const Target& f, const Rational& alpha) {
  return {{f.d, {}, Mask::bidirectional},
          Matrix<Rational>(f.d, 0),
          Matrix<Rational>::Zero(f.d, f.L),
          f,
          Number(alpha)};
}

}  // namespace

TEST_CASE("integrals that are known: reversal against the identity") {
  const WorkingPrecision scope(64);
  // Two tokens of one entry, |x - y| at both: integral 2/3 for alpha = 1, 1/3 for alpha = 2 (then the root).
  const IntegralAnswer one = integrate(plain({1, 2, Reversal{}}, 1), 1, Rational(1, 1000));
  CHECK(one.verdict == Verdict::proved);
  CHECK(one.d_alpha.contains(Rational(2, 3)));
  CHECK(certainly_less(one.d_alpha, Interval(Rational(668, 1000))));
  const IntegralAnswer two = integrate(plain({1, 2, Reversal{}}, 2), 1, Rational(1, 1000));
  CHECK((two.d_alpha * two.d_alpha).contains(Rational(1, 3)));
  CHECK(certainly_less(two.d_alpha, Interval(Rational(578, 1000))));
  // alpha = 3/2: 2 * integral of |x-y|^{3/2} = 4/(5/2 * 7/2) = 16/35.
  const IntegralAnswer half = integrate(plain({1, 2, Reversal{}}, Rational(3, 2)), 1, Rational(1, 1000));
  CHECK(power(half.d_alpha, Rational(3, 2)).contains(Rational(16, 35)));
  CHECK(integrate(plain({2, 1, Identity{}}, 2), 0).verdict == Verdict::proved);
}

TEST_CASE("eps below the integral is refuted, and a small budget leaves it unknown") {
  CHECK(integrate(plain({1, 2, Reversal{}}, 1), Rational(66, 100)).verdict == Verdict::refuted);
  IntegralOptions options;
  options.eps = Rational(2, 3);  // equal: no enclosure decides
  options.most_boxes = 3000;
  const IntegralAnswer answer = enclose_integral(plain({1, 2, Reversal{}}, 1), options);
  CHECK(answer.verdict == Verdict::unknown);
  CHECK_FALSE(answer.why.empty());
  CHECK_THROWS_AS((void)enclose_integral(lookup_problem({1, 1, Identity{}}, Rational(1, 5)), options),
                  InputError);
}

TEST_CASE("of a lookup transformer: below its supremum, above its mean at points, the same for any threads") {
  const ApproximationProblem problem =
      lookup_problem({1, 2, Reversal{}}, Rational(1, 4), Number(Rational(2)));
  const IntegralAnswer answer = integrate(problem, Rational(1, 4));
  REQUIRE(answer.verdict == Verdict::proved);
  SupremumOptions options;
  options.eps = Rational(1, 4);
  CHECK(answer.d_alpha.lower() <= enclose_supremum(problem, options).upper);
  const IntegralAnswer again = integrate(problem, Rational(1, 4), Rational(1, 20), 2);
  CHECK(again.boxes == answer.boxes);
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

TEST_CASE("5.1's transformer keeps its guarantee in d_alpha, ramps included") {
  const long k = 3;
  const UniversalTransformer network(1, 1, k, Rational(1, 300));
  const Target f{1, 1, SineField{2}};
  const ApproximationProblem problem{network.dense(UniversalForm::wide), network.prompt(quantize(f, k)),
                                     network.input(Matrix<Rational>::Zero(1, 1)), f, Number(Rational(2))};
  const Rational eps = network.guarantee(lipschitz_constant(f, Number(Rational(2))), 2).upper();
  CHECK(integrate(problem, eps).verdict == Verdict::proved);
}

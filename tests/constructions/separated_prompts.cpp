#include <doctest/doctest.h>

#include <promptbound/constructions/separated_prompts.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE("all outputs are pairwise as far apart as stated and some pair is no further") {
  RandomNumbers random(141);
  for (int i = 0; i < 20; ++i) {
    const Index d = random.integer(1, 3);
    const long m = random.integer(1, 3), q = d == 3 ? 3 : random.integer(2, 5);
    AttentionHead<Rational> head{random.matrix(d, d), random.matrix(d, d), random.matrix(d, d), std::nullopt};
    const Vector<Rational> query =
        d == 1 ? Vector<Rational>(Vector<Rational>::Zero(1)) : Vector<Rational>(random.matrix(d, 1));
    const Matrix<Rational> tokens = random.matrix(d, 2);
    const SeparatedPrompts family(head, query, tokens, 2, m, q);
    CHECK(family.directions() == std::max<Index>(1, d - 1));
    const Interval separation = family.separation();

    const AttentionHead<Interval> enclosed{from_rational<Interval>(head.W_Q),
                                           from_rational<Interval>(head.W_K),
                                           from_rational<Interval>(head.W_V), std::nullopt};
    std::vector<Vector<Interval>> outputs;
    for (Integer k = 0; k < family.count(); ++k) {
      const Matrix<Rational> prompt = family.prompt(k);
      CHECK(prompt.cols() == m);
      CHECK(prompt.cwiseAbs().maxCoeff() <= 2);
      outputs.push_back(attend_from<Interval>(
          enclosed, from_rational<Interval>(query),
          concatenate(from_rational<Interval>(prompt), from_rational<Interval>(tokens))));
    }
    double nearest = 1e300;
    for (std::size_t a = 0; a < outputs.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        Interval distance;
        for (Index c = 0; c < d; ++c) distance = max(distance, abs(outputs[a](c) - outputs[b](c)));
        // Equality occurs, so that enclosures may only overlap.
        CHECK_FALSE(certainly_less(distance, separation.lower_point()));
        nearest = std::min(nearest, distance.upper_double());
      }
    }
    CHECK(nearest >= separation.lower_double());
  }
}

TEST_CASE("families that would be empty are refused") {
  const Matrix<Rational> one = Matrix<Rational>::Ones(1, 1);
  const AttentionHead<Rational> head{one, one, one, std::nullopt};
  // d = 1 and A x0 != 0: no token is orthogonal to A x0.
  CHECK_THROWS_AS((void)SeparatedPrompts(head, one.col(0), one, 1, 1, 2), InputError);
  const Vector<Rational> zero = Vector<Rational>::Zero(1);
  CHECK_NOTHROW((void)SeparatedPrompts(head, zero, one, 1, 1, 2));
  CHECK_THROWS_AS((void)SeparatedPrompts(head, zero, one, 0, 1, 2), InputError);
  CHECK_THROWS_AS((void)SeparatedPrompts(head, zero, one, 1, 0, 2), InputError);
  CHECK_THROWS_AS((void)SeparatedPrompts(head, zero, one, 1, 1, 1), InputError);
  CHECK_THROWS_AS((void)SeparatedPrompts(head, zero, one, 1, 1, 2).prompt(2), InputError);
}

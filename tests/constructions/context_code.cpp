#include <doctest/doctest.h>

#include <promptbound/constructions/context_code.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/linear_algebra.hpp>

#include "bound_record.hpp"
#include "effort.hpp"
#include "random.hpp"

using namespace promptbound;

namespace {

/// The published separation at the best premises that the enclosures allow, as an enclosed decimal logarithm.
Interval published_log10(const ContextCode& code, Index d, Index v, Index T) {
  const ContextCode::Premises premises = code.premises();
  return bound_record("context-separation", {{"T", Rational(T)},
                                             {"v", Rational(v)},
                                             {"d", Rational(d)},
                                             {"s", premises.s.upper()},
                                             {"r-min", premises.r_min.upper()},
                                             {"r-max", premises.r_max.lower()}})
      .output("log10_delta")
      .enclosure();
}

}  // namespace

TEST_CASE("24 random vocabularies: the measured separation is at least the published one") {
  RandomNumbers random(131);
  for (int i = 0; i < repetitions(24); ++i) {
    const Index d = random.integer(1, 4), v = random.integer(3, 6), T = random.integer(2, 3);
    const Matrix<Rational> vocabulary = random.matrix(d, v);
    const ContextCode code(vocabulary, T);
    const Interval measured = log10(code.separation()), published = published_log10(code, d, v, T);
    MESSAGE("d=" << d << " v=" << v << " T=" << T << ": log10 measured in [" << lower_decimal(measured, 8)
                 << ", " << upper_decimal(measured, 8) << "], published " << upper_decimal(published, 8));
    CHECK(certainly_less_equal(published, measured));
  }
}

TEST_CASE(
    "the weights have rank one - the layer moves the first coordinate by at most s/4 - order does not "
    "matter") {
  RandomNumbers random(132);
  const Matrix<Rational> vocabulary = random.matrix(3, 4);
  const ContextCode code(vocabulary, 3);
  const AttentionHead<Rational>& head = code.layer().layers[0].heads[0];
  CHECK(rank(head.score_matrix()) == 1);
  CHECK(rank(head.value_map()) == 1);
  const Matrix<double> tokens = vocabulary.leftCols(3).cast<double>();
  const Transformer<double> layer = from_rational<double>(code.layer());
  const Matrix<double> output = evaluate(layer, tokens);
  CHECK((output - tokens).bottomRows(2).cwiseAbs().maxCoeff() == 0);
  CHECK((output - tokens).cwiseAbs().maxCoeff() <= code.premises().s.upper_double() / 4);
  const Matrix<double> turned = evaluate(layer, Matrix<double>(tokens.rowwise().reverse()));
  CHECK((turned.rowwise().reverse() - output).cwiseAbs().maxCoeff() <= 1e-12);
}

TEST_CASE("vocabularies that cannot be told apart are refused") {
  CHECK_THROWS_AS((void)ContextCode(Matrix<Rational>::Ones(2, 3), 2), InputError);
  CHECK_THROWS_AS((void)ContextCode(Matrix<Rational>::Zero(2, 3), 2), InputError);
  CHECK_THROWS_AS((void)ContextCode(Matrix<Rational>::Identity(3, 3), 1), InputError);
  CHECK_THROWS_AS((void)ContextCode(Matrix<Rational>::Identity(3, 3), 4), InputError);
  CHECK_THROWS_AS((void)ContextCode(Matrix<Rational>::Identity(60, 60), 20), InputError);
}

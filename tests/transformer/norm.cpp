#include <doctest/doctest.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/norm.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Vector<double> rounded(const Matrix<Rational>& values) { return from_rational<double>(values); }

NormWeights plain_norm(NormKind kind, Index width, const Rational& epsilon) {
  return {kind, epsilon, Vector<double>::Ones(width), Vector<double>::Zero(width)};
}

}  // namespace

TEST_CASE("norms in every scalar: enclosures are nested around the precise value") {
  RandomNumbers random(2611);
  for (int trial = 0; trial < 60; ++trial) {
    const Index width = random.integer(1, 6);
    const NormWeights norm{trial % 2 == 0 ? NormKind::layer : NormKind::rms,
                           random.rational(Rational(1, 1000), 1), rounded(random.matrix(width, 1)),
                           rounded(random.matrix(width, 1))};
    const Sequence<Rational> X = random.matrix(width, 3, -4, 4);
    const WorkingPrecision coarse(64);
    const auto fast = normalized(norm, from_rational<FastInterval>(X));
    const auto certified = normalized(norm, from_rational<Interval>(X));
    const auto plain = normalized(norm, from_rational<double>(X));
    const WorkingPrecision fine(256);
    const auto tight = normalized(norm, from_rational<Interval>(X));
    const auto precise = normalized(norm, from_rational<Real>(X));
    for (Index k = 0; k < X.size(); ++k) {
      CHECK(Interval(fast(k)).contains(tight(k)));
      CHECK(certified(k).contains(tight(k)));
      CHECK(certified(k).contains(static_cast<Rational>(precise(k))));
      CHECK(abs(Rational(Rational(plain(k)) - tight(k).lower())) < Rational(1, 1000000000));
    }
  }
}

TEST_CASE("a LayerNorm forgets a common shift and an RMSNorm a factor that the epsilon grows with") {
  const WorkingPrecision scope(128);
  RandomNumbers random(2612);
  for (int trial = 0; trial < 20; ++trial) {
    const Index width = random.integer(2, 6);
    const Sequence<Rational> X = random.matrix(width, 2);
    const Rational shift = random.rational(-5, 5), factor = random.rational(1, 9), epsilon(1, 7);
    const auto normed = [](const NormWeights& norm, const Sequence<Rational>& tokens) {
      return normalized(norm, from_rational<Interval>(tokens));
    };
    const auto layer = plain_norm(NormKind::layer, width, epsilon);
    const auto rms = plain_norm(NormKind::rms, width, epsilon);
    const auto larger = plain_norm(NormKind::rms, width, epsilon * factor * factor);
    const Sequence<Rational> shifted = X.array() + shift;
    const Sequence<Rational> scaled = factor * X;
    const auto a = normed(layer, X), b = normed(layer, shifted), c = normed(rms, X),
               d = normed(larger, scaled);
    for (Index k = 0; k < X.size(); ++k) {
      CHECK_NOTHROW(static_cast<void>(intersection(a(k), b(k))));
      CHECK_NOTHROW(static_cast<void>(intersection(c(k), d(k))));
      CHECK(a(k).upper() - a(k).lower() < Rational(1, 1000000000));
    }
    // Entries that a LayerNorm puts out add up to 0; the bias shifts them.
    Interval sum(0);
    for (Index row = 0; row < width; ++row) sum += a(row, 1);
    CHECK(sum.contains(Rational(0)));
  }
}

TEST_CASE("norms are exact in rationals where the roots are rational") {
  // Mean square 25, plus 11: the root is 6.
  const NormWeights rms{NormKind::rms, 11, Vector<double>::Constant(2, 3), Vector<double>::Constant(2, 0.5)};
  Sequence<Rational> X(2, 1);
  X << 1, 7;
  Sequence<Rational> expected(2, 1);
  expected << 1, 4;
  CHECK(normalized(rms, X) == expected);
  // Mean 4, variance 9, plus 7: the root is 4.
  const NormWeights layer = plain_norm(NormKind::layer, 2, 7);
  expected << Rational(-3, 4), Rational(3, 4);
  CHECK(normalized(layer, X) == expected);
  CHECK_THROWS_AS(static_cast<void>(normalized(plain_norm(NormKind::rms, 2, 1), X)), InputError);
}

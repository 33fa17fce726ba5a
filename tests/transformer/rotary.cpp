#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/rotary.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

RotaryPositions rotary_of(const std::string& kind, const Rational& base, const Rational& factor,
                          const Rational& low, const Rational& high, const Rational& original) {
  if (kind == "linear") return {base, LinearScaling{factor}};
  if (kind == "llama3") return {base, Llama3Scaling{factor, low, high, original}};
  return {base};
}

RotaryPositions random_rotary(RandomNumbers& random) {
  const char* kinds[] = {"default", "linear", "llama3"};
  return rotary_of(kinds[random.integer(0, 2)], random.integer(2, 1000), random.rational(1, 8), 1,
                   random.integer(2, 6), random.integer(8, 64));
}

template <class Scalar>
Sequence<Scalar> turned(const RotaryPositions& rotary, const Sequence<Rational>& X) {
  return rotated(rotations<Scalar>(rotary, X.rows(), X.cols()), from_rational<Scalar>(X));
}

}  // namespace

TEST_CASE("frequencies agree with 50 digits of an independent computation by cases") {
  const WorkingPrecision scope(200);
  std::ifstream file(PROMPTBOUND_ROTARY_REFERENCE);
  std::string kind, frequency;
  long base = 0, width = 0, factor = 0, low = 0, high = 0, original = 0, i = 0;
  int lines = 0, blended = 0;
  while (file >> kind >> base >> width >> factor >> low >> high >> original >> i >> frequency) {
    CAPTURE(kind);
    CAPTURE(base);
    CAPTURE(width);
    CAPTURE(i);
    const RotaryPositions rotary = rotary_of(kind, base, factor, low, high, original);
    const Interval enclosure = rotary_frequency<Interval>(rotary, i, width);
    const auto reference = static_cast<Rational>(Real(frequency));
    const Rational distance = abs(Rational(enclosure.midpoint().lower() - reference));
    CHECK(distance <= reference * Rational(1, power(Integer(10), 48UL)));
    CHECK(enclosure.is_relatively_tight(150));
    const double plain = rotary_frequency<double>(rotary, i, width);
    CHECK(plain == doctest::Approx(reference.convert_to<double>()).epsilon(1e-12));
    ++lines;
    if (kind != "llama3") continue;
    const Interval unscaled = rotary_frequency<Interval>({base}, i, width);
    if (certainly_less(enclosure, unscaled) && certainly_less(unscaled / Interval(factor), enclosure)) {
      ++blended;
    }
  }
  CHECK(lines == 324);
  // Every case of the definition occurs.
  CHECK(blended >= 5);
}

TEST_CASE("rotations in every scalar: nested enclosures - lengths stay") {
  RandomNumbers random(2621);
  for (int trial = 0; trial < 30; ++trial) {
    const RotaryPositions rotary = random_rotary(random);
    const Sequence<Rational> X = random.matrix(2 * random.integer(1, 3), random.integer(1, 5));
    const WorkingPrecision coarse(64);
    const auto fast = turned<FastInterval>(rotary, X);
    const auto certified = turned<Interval>(rotary, X);
    const auto plain = turned<double>(rotary, X);
    const WorkingPrecision fine(256);
    const auto tight = turned<Interval>(rotary, X);
    const auto precise = turned<Real>(rotary, X);
    for (Index k = 0; k < X.size(); ++k) {
      CHECK(Interval(fast(k)).contains(tight(k)));
      CHECK(certified(k).contains(tight(k)));
      CHECK(certified(k).contains(static_cast<Rational>(precise(k))));
      CHECK(abs(Rational(Rational(plain(k)) - tight(k).lower())) < Rational(1, 1000000000));
    }
    for (Index token = 0; token < X.cols(); ++token) {
      Interval length(0);
      Rational exact = 0;
      for (Index row = 0; row < X.rows(); ++row) {
        length += square(tight(row, token));
        exact += X(row, token) * X(row, token);
      }
      CHECK(length.contains(exact));
    }
  }
}

TEST_CASE("scores depend on the distance of positions alone") {
  const WorkingPrecision scope(128);
  RandomNumbers random(2622);
  for (int trial = 0; trial < 20; ++trial) {
    const RotaryPositions rotary = random_rotary(random);
    const Index s = 2 * random.integer(1, 3), count = 6;
    const Sequence<Rational> q = random.matrix(s, 1).replicate(1, count),
                             k = random.matrix(s, 1).replicate(1, count);
    const auto Q = turned<Interval>(rotary, q), K = turned<Interval>(rotary, k);
    const auto score = [&](Index i, Index j) {
      Interval sum(0);
      for (Index row = 0; row < s; ++row) sum += Q(row, i) * K(row, j);
      return sum;
    };
    for (Index distance = 0; distance < 4; ++distance) {
      const Interval first = score(distance, 0), last = score(count - 1, count - 1 - distance);
      CHECK_NOTHROW(static_cast<void>(intersection(first, last)));
      CHECK(first.upper() - first.lower() < Rational(1, 1000000000));
    }
  }
}

TEST_CASE("the first position does not turn and is exact in rationals where the frequencies are") {
  RandomNumbers random(2623);
  const Sequence<Rational> X = random.matrix(4, 1);
  // 10000^(-2/4) = 1/100.
  CHECK(rotary_frequency<Rational>({10000, LinearScaling{4}}, 1, 4) == Rational(1, 400));
  CHECK(rotated(rotations<Rational>({10000}, 4, 1), X) == X);
  CHECK_THROWS_AS(static_cast<void>(rotations<Rational>({10000}, 4, 2)), InputError);
  CHECK_THROWS_AS(static_cast<void>(rotations<Rational>({10}, 4, 1)), InputError);
  CHECK_THROWS_AS(static_cast<void>(rotations<Rational>({10000, Llama3Scaling{8, 1, 4, 64}}, 4, 1)),
                  InputError);
}

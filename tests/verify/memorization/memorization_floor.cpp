#include <doctest/doctest.h>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/memorization/memorization_floor.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

struct HeadInstance {
  Matrix<Rational> V;
  Vector<Rational> direction;
  std::vector<Matrix<Rational>> tokens;
  std::vector<FloorExample> examples;
};

HeadInstance random_head_instance(RandomNumbers& random, Index d, std::size_t count) {
  HeadInstance instance{random.matrix(d, d), random.matrix(d, 1), {}, {}};
  const Matrix<Rational> query = random.matrix(d, 1);
  for (std::size_t i = 0; i < count; ++i) {
    Matrix<Rational> tokens = random.matrix(d, 3);
    tokens.col(0) = query;
    instance.tokens.push_back(tokens);
    instance.examples.push_back(
        {attention_sums(instance.V, instance.direction, tokens), random.matrix(d, 1)});
  }
  return instance;
}

/// The same numbers in binary64: S, t and b = S (t - a) of every example.
struct Rounded {
  std::vector<double> S;
  std::vector<Vector<double>> t, b;

  explicit Rounded(const HeadInstance& instance) {
    for (const FloorExample& example : instance.examples) {
      S.push_back(example.sums.S.enclosure().upper_double());
      t.push_back(example.target.cast<double>());
      Vector<double> difference = S.back() * t.back();
      for (Index c = 0; c < difference.size(); ++c) {
        difference(c) -= example.sums.weighted_values[static_cast<std::size_t>(c)].enclosure().upper_double();
      }
      b.push_back(difference);
    }
  }

  /// The largest error over the examples of the best q = S_P V vbar at S_P = s.
  [[nodiscard]] double ratio_at(double s) const {
    double worst = 0;
    for (std::size_t i = 0; i < S.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const Vector<double> gap = s * (t[i] - t[j]) + b[i] - b[j];
        worst = std::max(worst, gap.cwiseAbs().maxCoeff() / (2 * s + S[i] + S[j]));
      }
    }
    return worst;
  }
};

}  // namespace

TEST_CASE("the floor is the least value on a fine grid of s and both its ends are close") {
  RandomNumbers random(111);
  int interior = 0;
  for (int i = 0; i < 60; ++i) {
    const HeadInstance instance =
        random_head_instance(random, random.integer(2, 5), static_cast<std::size_t>(random.integer(2, 6)));
    const WorkingPrecision scope(256);
    const MemorizationFloor floor(instance.examples);
    const MemorizationFloor::Bounds bounds = floor.bounds(30, Rational(1, 1000000000));
    const double lower = bounds.lower.convert_to<double>(), upper = bounds.upper.convert_to<double>();
    CHECK(upper - lower <= 2e-9 * upper + 2e-9);
    const Rounded rounded(instance);
    double best = std::min(rounded.ratio_at(0), rounded.ratio_at(1e12)), best_s = 0;
    for (int k = -400; k <= 400; ++k) {
      const double s = std::exp(0.05 * k), value = rounded.ratio_at(s);
      if (value < best) {
        best = value;
        best_s = s;
      }
    }
    interior += best_s > 0 ? 1 : 0;
    CHECK(lower <= best * (1 + 1e-9));
    CHECK(upper >= best * 0.97);
    if (bounds.lower > 0) {
      REQUIRE(bounds.certificate.has_value());
      CHECK(floor.refute(bounds.lower * Rational(9, 10)).has_value());
    }
    CHECK_FALSE(floor.refute(bounds.upper * Rational(1001, 1000) + Rational(1, 1000000)).has_value());
  }
  CHECK(interior > 10);
}

TEST_CASE("no prompt - empty or of any size - falls below the floor") {
  RandomNumbers random(112);
  for (int i = 0; i < 20; ++i) {
    const Index d = random.integer(1, 4);
    const HeadInstance instance = random_head_instance(random, d, 3);
    const WorkingPrecision scope(256);
    const Rational lower = MemorizationFloor(instance.examples).bounds(20, Rational(1, 1000000)).lower;
    for (int trial = 0; trial < 30; ++trial) {
      const Matrix<Rational> prompt = random.matrix(d, random.integer(0, 4), -trial, trial + 1);
      Interval error;
      for (std::size_t e = 0; e < instance.examples.size(); ++e) {
        const ExactVector output =
            exact_attention(instance.V, instance.direction, prompt, instance.tokens[e]);
        for (std::size_t c = 0; c < output.size(); ++c) {
          error = max(error, abs(output[c].enclosure() -
                                 Interval(instance.examples[e].target(static_cast<Index>(c)))));
        }
      }
      CHECK(certainly_less_equal(Interval(lower), error));
    }
  }
}

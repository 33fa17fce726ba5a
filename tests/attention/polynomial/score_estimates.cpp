#include <promptbound/attention/polynomial/score_estimates.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <promptbound/attention/polynomial/sampled_scores.hpp>
#include <promptbound/attention/polynomial/score_polynomial.hpp>

#include "attention/arrays.hpp"

using namespace promptbound;

TEST_CASE("estimates of the polynomials' bounds are near the certified ones") {
  for (const double S : {0.01, 0.5, 2.0, 9.0}) {
    const std::vector<double> rests = chebyshev_rests(S);
    for (const Index degree : {1, 2, 5, 8}) {
      CAPTURE(S);
      CAPTURE(degree);
      const double certified = chebyshev_polynomial(S, degree).relative;
      // Rounded coefficients are in the certified bound alone.
      if (certified > 1e-12)
        CHECK(rests[static_cast<std::size_t>(degree)] == doctest::Approx(certified).epsilon(0.01));
    }
  }
}

TEST_CASE("estimates of moment polynomials are near the certified bounds and their inner ranges good") {
  for (const double S : {0.25, 1.0, 2.2}) {
    for (const double typical : {0.2, 0.35, 0.6}) {  // of scores, relative to S
      for (const Index degree : {2, 3, 4, 5, 6}) {
        for (Index h = 2; h <= degree + 2; h += 2) {
          if (h < degree - 1) continue;
          CAPTURE(S);
          CAPTURE(typical);
          CAPTURE(degree);
          CAPTURE(h);
          const double moment = std::pow(typical * S, static_cast<double>(h));
          const MomentTrial trial = try_moment(S, degree, h, moment);
          const auto error_at = [&](double inner) {
            const ScorePolynomial polynomial = moment_polynomial(S, inner, degree, h);
            const double error = polynomial.absolute + polynomial.per_moment * moment;
            return error < 1 ? error / (1 - error) : std::numeric_limits<double>::infinity();
          };
          if (!(trial.error < 0.5)) continue;  // of no use
          CHECK(trial.error == doctest::Approx(error_at(trial.inner)).epsilon(0.06));
          double best = trial.error;
          for (int i = 1; i <= 20; ++i) best = std::min(best, error_at(S * i / 20));
          CHECK(trial.error <= 2 * best);
        }
      }
    }
  }
}

TEST_CASE("sampled scores: moments and distances are those of the queries and keys") {
  RandomDoubles random(1);
  std::vector<double> queries, keys, values;
  for (int i = 0; i < 3 * 2; ++i) queries.push_back(random.between(-1, 1));
  for (int i = 0; i < 50 * 2; ++i) keys.push_back(random.between(-1, 1));
  for (int i = 0; i < 50; ++i) values.push_back(random.between(0, 1));
  SampledScores scores(queries, keys, 2, {.longest = 4, .along_keys = 4});
  double moments[2] = {0, 0}, farthest = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    double total = 0, powers[2] = {0, 0}, sum = 0;
    for (std::size_t j = 0; j < 50; ++j) {
      const std::size_t q = 2 * i, k = 2 * j;
      const double score = queries[q] * keys[k] + queries[q + 1] * keys[k + 1], weight = std::exp(score);
      total += weight;
      sum += weight * values[j];
      powers[0] += score * score;
      powers[1] += std::pow(score, 4);
    }
    for (int h = 0; h < 2; ++h) moments[h] = std::max(moments[h], powers[h] / total);
    farthest = std::max({farthest, sum / total, 1 - sum / total});
  }
  CHECK(scores.moment(4) == doctest::Approx(moments[1]));
  CHECK(scores.moment(2) == doctest::Approx(moments[0]));
  CHECK(scores.moment_above(2) > scores.moment(2));
  CHECK(scores.distance(values, {0}, {1}) == doctest::Approx(farthest));
}

TEST_CASE("of many queries those along the keys' main direction are taken") {
  // Keys along the first axis; one query along it, and longer ones along the second.
  std::vector<double> queries, keys;
  for (int i = 0; i < 60; ++i) {
    queries.insert(queries.end(), {i == 17 ? 1.0 : 0.0, i == 17 ? 0.0 : 2.0});
    keys.insert(keys.end(), {i % 2 == 0 ? 1.0 : -1.0, 0.01});
  }
  SampledScores scores(queries, keys, 2, {.longest = 2, .along_keys = 2});
  CHECK(scores.moment(4) > 0.5 / std::cosh(1.0));
}

TEST_CASE("typical queries: the longest and some of each stretch") {
  ArraySizes sizes;
  for (int i = 0; i < 100; ++i) sizes.query_square.push_back(i == 42 ? 9.0 : 1.0);
  const std::vector<Index> queries = typical_queries(sizes, 10);
  CHECK(std::count(queries.begin(), queries.end(), 42) == 1);
  for (Index stretch = 0; stretch < 10; ++stretch)
    CHECK(std::count(queries.begin(), queries.end(), 10 * stretch) == 1);
}

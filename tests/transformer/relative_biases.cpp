#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <promptbound/numeric/interval.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/attention_means.hpp>
#include <promptbound/transformer/relative_biases.hpp>

using namespace promptbound;

namespace {

/// As published code computes it, in binary32.
Index published_bucket(Index distance, int half, int farthest) {
  const int exact = half / 2;
  if (distance < exact) return distance;
  const float ratio = std::log(static_cast<float>(distance) / static_cast<float>(exact)) /
                      static_cast<float>(std::log(static_cast<double>(farthest) / exact));
  return std::min<Index>(exact + static_cast<Index>(ratio * static_cast<float>(half - exact)), half - 1);
}

}  // namespace

TEST_CASE("buckets of the usual sizes begin where the logarithm's floor says, in binary32 too") {
  const DistanceBuckets buckets(32, 128);
  // 8 * 16^(j/8) = 8, 11.3, 16, 22.6, 32, 45.3, 64, 90.5
  const std::vector<Index> first = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91};
  for (std::size_t b = 0; b < first.size(); ++b) {
    CAPTURE(b);
    CHECK(buckets.of(first[b], 0) == static_cast<Index>(b));
    if (b > 0) CHECK(buckets.of(0, first[b]) == static_cast<Index>(16 + b));
    if (b > 0) CHECK(buckets.of(first[b] - 1, 0) == static_cast<Index>(b - 1));
  }
  for (Index distance = 0; distance < 3000; ++distance) {
    CHECK(buckets.of(5 + distance, 5) == published_bucket(distance, 16, 128));
    if (distance > 0) CHECK(buckets.of(5, 5 + distance) == 16 + published_bucket(distance, 16, 128));
  }
}

TEST_CASE("buckets of other sizes, odd ones and crowded ones among them") {
  // Half of 9 is 4: 0, 1, then 2 + floor(2 ln(n/2) / ln 50): 2 * sqrt(50) = 14.1 begins the last one.
  const DistanceBuckets odd(9, 100);
  CHECK(odd.of(14, 0) == 2);
  CHECK(odd.of(15, 0) == 3);
  CHECK(odd.of(0, 1000000) == 7);
  // Half is 8: 0 to 3, then 4 + floor(4 ln(n/4) / ln(5/4)): only 4 and what is from 5 on differ.
  const DistanceBuckets crowded(16, 5);
  CHECK(crowded.of(4, 0) == 4);
  CHECK(crowded.of(5, 0) == 7);
  const DistanceBuckets least(4, 2);
  CHECK(least.of(0, 0) == 0);
  CHECK(least.of(7, 0) == 1);
  CHECK(least.of(0, 7) == 3);
}

TEST_CASE("biases are added to scaled scores, and equal queries are told apart by them") {
  RelativeBiases biases{Matrix<double>(4, 2), DistanceBuckets(4, 2)};
  biases.table << 0, 1, 0, 2, 0, 4, 0, 8;
  CHECK(biases.of(0, 3).isZero(0));
  Matrix<double> expected(3, 3);  // a row a key: the query itself 1, a key before it 2, one behind it 8
  expected << 1, 2, 2, 8, 1, 2, 8, 8, 1;
  CHECK(biases.of(1, 3) == expected);
  // Scores are 0, so that the means are of e^bias alone.
  const WorkingPrecision scope(64);
  const Matrix<Interval> zero = Matrix<Interval>::Constant(1, 3, Interval(0));
  Matrix<Interval> values(1, 3);
  values << Interval(1), Interval(0), Interval(0);
  const Matrix<double> table = biases.of(1, 3);
  const auto means =
      attention_means<Interval>(zero, zero, values, Mask::bidirectional, 0, Interval(3), &table);
  for (Index query = 0; query < 3; ++query) {
    long double total = 0;
    for (Index key = 0; key < 3; ++key) total += std::exp(static_cast<long double>(expected(key, query)));
    const long double mean = std::exp(static_cast<long double>(expected(0, query))) / total;
    CHECK(std::abs(means(0, query).lower_double() - static_cast<double>(mean)) < 1e-15);
    CHECK(std::abs(means(0, query).upper_double() - static_cast<double>(mean)) < 1e-15);
  }
  CHECK(certainly_less(means(0, 0), means(0, 2)));
}

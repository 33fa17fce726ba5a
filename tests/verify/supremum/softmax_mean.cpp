#include <doctest/doctest.h>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/supremum/softmax_mean.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE("the mean is enclosed and the enclosure is the exact range over independent weights") {
  // The mean is monotone in every weight and value: its extremes are at corners.
  RandomNumbers random(409);
  const WorkingPrecision scope(128);
  for (int i = 0; i < 200; ++i) {
    const auto count = static_cast<std::size_t>(random.integer(1, 6));
    std::vector<Rational> low, high, value;
    std::vector<FastInterval> weights, values;
    for (std::size_t j = 0; j < count; ++j) {
      const Rational a = j == 0 ? Rational(1) : random.rational(0, 2), b = random.rational(0, 2);
      low.push_back(std::min(a, b));
      high.push_back(j == 0       ? std::max<Rational>(a, b)
                     : i % 3 == 0 ? Rational(low[j] * 1000)
                                  : std::max(a, b));
      if (low[0] == 0) low[0] = 1;
      value.push_back(random.rational(-3, 3));
      weights.push_back(hull(FastInterval(low[j]), FastInterval(high[j])));
      values.push_back(FastInterval(value[j]));
    }
    Rational least = 100, most = -100;
    for (unsigned corner = 0; corner < 1U << count; ++corner) {
      Rational sum = 0, total = 0;
      for (std::size_t j = 0; j < count; ++j) {
        const Rational& weight = (corner >> j & 1U) != 0 ? high[j] : low[j];
        sum += weight * value[j];
        total += weight;
      }
      if (total == 0) continue;
      least = std::min<Rational>(least, sum / total);
      most = std::max<Rational>(most, sum / total);
    }
    const FastInterval mean = SoftmaxMean<FastInterval>(weights)(values);
    CHECK(mean.contains(least));
    CHECK(mean.contains(most));
    CHECK(mean.upper() - mean.lower() <= Rational(most - least).convert_to<double>() + 1e-9);
  }
}

TEST_CASE("weights that overflow tell nothing and that is what is returned") {
  const std::vector<FastInterval> weights = {FastInterval(1), FastInterval::whole_line()};
  const FastInterval mean = SoftmaxMean<FastInterval>(weights)({FastInterval(0), FastInterval(1)});
  CHECK_FALSE(mean.is_finite());
}

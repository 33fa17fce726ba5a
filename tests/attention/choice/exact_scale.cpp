#include <promptbound/attention/choice/exact_scale.hpp>

#include <doctest/doctest.h>

#include <algorithm>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/types.hpp>

#include "attention/arrays.hpp"

using namespace promptbound;

namespace {

StoredArrays<double> four_queries() {
  RandomDoubles random(5);
  AttentionArrays<double> shape;
  shape.n = 4;
  shape.m = 30;
  shape.d = shape.d_v = 3;
  return random_arrays<double>(random, shape, 4);
}

/// Output c of query i in many bits.
Real reference(const AttentionArrays<double>& arrays, const Rational& scale, Index i, Index c) {
  Real sum = 0, total = 0;
  for (Index j = 0; j < arrays.m; ++j) {
    Real score = 0;
    for (Index k = 0; k < arrays.d; ++k)
      score += Real(arrays.q[i * arrays.d + k]) * Real(arrays.k[j * arrays.d + k]);
    const Real weight = exp(score * Real(scale));
    total += weight;
    sum += weight * Real(arrays.v[j * arrays.d_v + c]);
  }
  return sum / total;
}

}  // namespace

TEST_CASE("what the rounding of a scale changes is part of the certified error - nothing where it is exact") {
  const StoredArrays<double> stored = four_queries();
  const WorkingPrecision scope(300);
  for (const Rational& scale : {Rational(1, 3), Rational(7, 5), Rational(1, 4)}) {
    CAPTURE(scale);
    const auto outcome = attend_at_scale(stored.arrays, scale, AttentionRequest(), std::nullopt);
    const auto& answer = std::get<AttentionAnswer>(outcome);
    CHECK(answer.verdict == Verdict::computed);
    const double bound = answer.error_bound;
    const auto& result = std::get<Attended<double>>(answer.result);
    const double of_kernel = *std::max_element(result.error.begin(), result.error.end());
    CHECK((bound == of_kernel) == (scale == Rational(1, 4)));
    CHECK(bound - of_kernel < 1e-13);
    for (Index i = 0; i < stored.arrays.n; ++i) {
      for (Index c = 0; c < stored.arrays.d_v; ++c) {
        const Real difference = abs(Real(result.output[static_cast<std::size_t>(i * stored.arrays.d_v + c)]) -
                                    reference(stored.arrays, scale, i, c));
        CHECK(difference <= Real(bound));
      }
    }
  }
}

TEST_CASE(
    "an accuracy below what the rounding of the scale changes is refused with one that can be certified") {
  const StoredArrays<double> stored = four_queries();
  const auto outcome =
      attend_at_scale(stored.arrays, Rational(1, 3), AttentionRequest(), Rational(1, 1000000000000000000));
  REQUIRE(std::holds_alternative<Refusal>(outcome));
  const std::optional<double> reachable = std::get<Refusal>(outcome).reachable;
  REQUIRE(reachable);
  CHECK(std::get<Refusal>(outcome).verdict == Verdict::refuted);
  const Rational accuracy = Rational(*reachable) * Rational(1000001, 1000000);
  CHECK(std::holds_alternative<AttentionAnswer>(
      attend_at_scale(stored.arrays, Rational(1, 3), AttentionRequest(), accuracy)));
  CHECK_THROWS_AS((void)attend_at_scale(stored.arrays, Rational(0), AttentionRequest(), std::nullopt),
                  InputError);
  CHECK_THROWS_AS((void)attend_at_scale(stored.arrays, Rational(1), AttentionRequest(), Rational(-1)),
                  InputError);
}

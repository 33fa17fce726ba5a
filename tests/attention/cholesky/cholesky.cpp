#include <promptbound/attention/cholesky/cholesky.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/attention/choice/polynomial_attention.hpp>
#include <promptbound/attention/cholesky/cholesky_kernel.hpp>
#include <promptbound/attention/cholesky/pivots.hpp>
#include <promptbound/numeric/precision.hpp>

#include "attention/arrays.hpp"
#include "attention/instruction_sets.hpp"

using namespace promptbound;

namespace {

/// Every output within its bound of the exact result, every bound within the accuracy.
template <class T>
void check_attended(const StoredArrays<T>& stored, const Attended<T>& result, double accuracy) {
  const WorkingPrecision scope(160);
  const AttentionArrays<T>& arrays = stored.arrays;
  const Index of_head = arrays.n * arrays.d_v;
  REQUIRE(static_cast<Index>(result.output.size()) == arrays.heads * of_head);
  bool is_within = true, is_accurate = true;
  std::size_t at = 0;
  for (Index head = 0; head < arrays.heads; ++head) {
    double size = 0;
    for (Index i = 0; i < arrays.keys() * arrays.d_v; ++i)
      size =
          std::max(size, std::abs(static_cast<double>(arrays.value(head, i / arrays.d_v)[i % arrays.d_v])));
    for (Index i = 0; i < arrays.n; ++i) {
      for (const Interval& exact : reference_attention<Interval>(arrays, head, i)) {
        const Interval distance = abs(exact - Interval(static_cast<double>(result.output[at])));
        const double bound = static_cast<double>(result.error[at]);
        is_within = is_within && certainly_less_equal(distance, Interval(bound));
        is_accurate = is_accurate && bound <= accuracy * size;
        ++at;
      }
    }
  }
  CHECK(is_within);
  CHECK(is_accurate);
}

/// Queries and keys in `count` clusters of the cube.
template <class T>
StoredArrays<T> clustered(RandomDoubles& random, const AttentionArrays<T>& shapes, Index count,
                          double spread) {
  StoredArrays<T> stored = random_arrays<T>(random, shapes);
  std::vector<double> centres(static_cast<std::size_t>(count * shapes.d));
  for (double& entry : centres) entry = random.sign();
  for (std::vector<T>* rows : {&stored.q, &stored.k}) {
    for (std::size_t i = 0; i < rows->size(); i += static_cast<std::size_t>(shapes.d)) {
      const Index cluster = random.index(0, count - 1);
      for (Index c = 0; c < shapes.d; ++c)
        (*rows)[i + static_cast<std::size_t>(c)] = static_cast<T>(
            centres[static_cast<std::size_t>(cluster * shapes.d + c)] + spread * random.between(-1, 1));
    }
  }
  return stored;
}

}  // namespace

TEST_CASE_TEMPLATE("Cholesky: within the bound and the bound within the accuracy asked for", T, float,
                   double) {
  RandomDoubles random(1);
  for (const auto& shape :
       {shapes<T>(1, 1, 1, 0, 1, 1), shapes<T>(1, 7, 40, 0, 1, 1), shapes<T>(1, 70, 300, 13, 3, 2),
        shapes<T>(3, 33, 700, 5, 4, 11), shapes<T>(1, 5, 0, 30, 8, 8), shapes<T>(2, 1, 900, 0, 5, 3)}) {
    for (const double accuracy : {1e-1, 1e-3, 1e-5}) {
      CAPTURE(shape.d);
      CAPTURE(accuracy);
      const StoredArrays<T> stored = random_arrays<T>(random, shape);
      Index rank = 0;
      const auto result = cholesky_attention(stored.arrays, {accuracy, 1}, &rank);
      REQUIRE(result.has_value());
      CHECK(rank >= 1);
      check_attended(stored, *result, accuracy);
    }
  }
}

TEST_CASE_TEMPLATE("Cholesky: corners - equal tokens - keys far from zero", T, float, double) {
  RandomDoubles random(2);
  StoredArrays<T> corners;
  corners.arrays = shapes<T>(1, 40, 400, 10, 5, 2);
  corners.fill([&] { return random.sign(); }, [&] { return random.sign(); });
  const auto at_corners = cholesky_attention(corners.arrays, {1e-3, 1});
  REQUIRE(at_corners.has_value());
  check_attended(corners, *at_corners, 1e-3);

  StoredArrays<T> equal;
  equal.arrays = shapes<T>(1, 3, 50, 0, 4, 2);
  equal.fill([] { return 0.0; }, [&] { return random.between(-1, 1); });
  Index rank = 0;
  const auto mean = cholesky_attention(equal.arrays, {1e-3, 1}, &rank);
  REQUIRE(mean.has_value());
  check_attended(equal, *mean, 1e-3);
  CHECK(rank == 1);

  StoredArrays<T> far = random_arrays<T>(random, shapes<T>(1, 20, 300, 0, 3, 2));
  for (T& key : far.k) key += T(50);
  const auto centred = cholesky_attention(far.arrays, {1e-3, 1});
  REQUIRE(centred.has_value());
  check_attended(far, *centred, 1e-3);
}

TEST_CASE("Cholesky: the rank follows the clusters where polynomials need thousands of monomials") {
  RandomDoubles random(3);
  const auto stored = clustered<float>(random, shapes<float>(1, 60, 1500, 0, 32, 4), 20, 0.01);
  Index rank = 0;
  const auto result = cholesky_attention(stored.arrays, {1e-2, 1}, &rank);
  REQUIRE(result.has_value());
  check_attended(stored, *result, 1e-2);
  CHECK(rank <= 60);
  PolynomialChoice choice;
  const auto polynomial = polynomial_attention(stored.arrays, {1e-2, 1, true}, &choice);
  CHECK((!polynomial || choice.rank > 500));
}

TEST_CASE("Cholesky: the rank of a small cube in eight dimensions") {
  RandomDoubles random(4);
  const auto stored = random_arrays<float>(random, shapes<float>(1, 1500, 1500, 0, 8, 8), 0.5);
  Index rank = 0;
  const auto result = cholesky_attention(stored.arrays, {1e-3, 1}, &rank);
  REQUIRE(result.has_value());
  CHECK(rank <= 90);
}

TEST_CASE("Cholesky: what cannot be certified is not returned") {
  RandomDoubles random(5);
  const auto stored = random_arrays<float>(random, shapes<float>(1, 10, 100, 0, 8, 8));
  CHECK_FALSE(cholesky_attention(stored.arrays, {1e-9, 1}).has_value());  // beyond binary32
  const auto large = random_arrays<double>(random, shapes<double>(1, 10, 100, 0, 8, 8), 20);
  CHECK_FALSE(cholesky_attention(large.arrays, {1e-3, 1}).has_value());  // scores up to 400
  const auto wide = random_arrays<float>(random, shapes<float>(1, 900, 900, 0, 24, 2), 2);
  CHECK_FALSE(cholesky_attention(wide.arrays, {1e-4, 1}).has_value());  // more than 512 pivots
  auto causal = random_arrays<float>(random, shapes<float>(1, 10, 100, 0, 8, 8));
  causal.arrays.mask = Mask::causal;
  CHECK_FALSE(cholesky_attention(causal.arrays, {1e-1, 1}).has_value());
  const auto overflowing = random_arrays<double>(random, shapes<double>(1, 3, 3, 0, 2, 2), 1e150);
  CHECK_FALSE(cholesky_attention(overflowing.arrays, {1e-1, 1}).has_value());
}

TEST_CASE("Cholesky: the residual is not negative and within its error - pivots that repeat") {
  const WorkingPrecision scope(200);
  RandomDoubles random(10);
  for (const bool repeats : {false, true}) {
    constexpr Index d = 3, count = 40;
    const auto draw = [&](Index rows) {
      Points points{d, {}};
      for (Index i = 0; i < rows * d; ++i) points.rows.push_back(random.between(-1, 1));
      return points;
    };
    Points pivots = draw(20);
    if (repeats) pivots.rows.insert(pivots.rows.end(), pivots.rows.begin(), pivots.rows.begin() + 5 * d);
    Points points = draw(count - pivots.count());
    points.rows.insert(points.rows.end(), pivots.rows.begin(), pivots.rows.end());
    const PivotFactor factor(pivots, 3.0);
    REQUIRE(factor.is_proved());
    CHECK(factor.residual_error() < (repeats ? 1e-4 : 1e-6));
    const std::vector<double> ones(count, 1.0);
    std::vector<double> sums(static_cast<std::size_t>(pivots.count()), 0.0), residuals(count);
    add_features(factor.features(), points.rows.data(), ones.data(), 1, count, sums.data(), residuals.data());
    const auto kernel = [&](const double* x, const double* y) {
      Interval product(0);
      for (Index c = 0; c < d; ++c) product += Interval(x[c]) * Interval(y[c]);
      return exp(product);
    };
    const Interval excess(factor.excess());
    bool is_positive = true, is_within = true;
    for (Index i = 0; i < count; ++i) {
      Interval square(0);
      for (Index a = 0; a < pivots.count(); ++a) {
        Interval feature(0);
        for (Index b = 0; b < pivots.count(); ++b)
          feature += Interval(factor.features().inverse[a * pivots.count() + b]) *
                     kernel(pivots.row(b), points.row(i));
        square += feature * feature;
      }
      const Interval residual = kernel(points.row(i), points.row(i)) - square / (excess * excess);
      const double bound = std::max(0.0, residuals[static_cast<std::size_t>(i)]) + factor.residual_error();
      is_positive = is_positive && certainly_less_equal(Interval(0), residual);
      is_within = is_within && certainly_less_equal(residual, Interval(bound));
    }
    CHECK(is_positive);
    CHECK(is_within);
  }
}

TEST_CASE("Cholesky: no more pivots than asked for") {
  RandomDoubles random(7);
  const auto stored = random_arrays<float>(random, shapes<float>(1, 200, 900, 0, 4, 3));
  Index rank = 0;
  REQUIRE(cholesky_attention(stored.arrays, {1e-3, 1}, &rank).has_value());
  CHECK_FALSE(cholesky_attention(stored.arrays, {1e-3, 1, {rank / 2, rank / 2}}).has_value());
}

TEST_CASE("Cholesky: a tail of long queries does not set the rank") {
  RandomDoubles random(8);
  auto stored = random_arrays<double>(random, shapes<double>(2, 320, 600, 4, 3, 2), 0.5);
  Index without = 0, with = 0;
  REQUIRE(cholesky_attention(stored.arrays, {1e-3, 1}, &without).has_value());
  for (const std::size_t i : {37U, 171U, 311U, 500U, 601U}) {
    for (std::size_t c = 0; c < 3; ++c) stored.q[3 * i + c] *= 6;
  }
  const auto result = cholesky_attention(stored.arrays, {1e-3, 1}, &with);
  REQUIRE(result.has_value());
  check_attended(stored, *result, 1e-3);
  CHECK(with <= 3 * without);
}

TEST_CASE_TEMPLATE("Cholesky: every instruction set", T, float, double) {
  RandomDoubles random(9);
  const auto stored = random_arrays<T>(random, shapes<T>(1, 37, 200, 3, 5, 9));
  for_each_instruction_set([&] {
    const auto result = cholesky_attention(stored.arrays, {1e-4, 1});
    REQUIRE(result.has_value());
    check_attended(stored, *result, 1e-4);
  });
}

TEST_CASE("Cholesky: any number of threads gives the same outputs") {
  RandomDoubles random(6);
  const auto stored = random_arrays<float>(random, shapes<float>(1, 3000, 5000, 20, 3, 2));
  const auto one = cholesky_attention(stored.arrays, {1e-3, 1}),
             two = cholesky_attention(stored.arrays, {1e-3, 2});
  REQUIRE((one.has_value() && two.has_value()));
  CHECK(one->output == two->output);
  CHECK(one->error == two->error);
}

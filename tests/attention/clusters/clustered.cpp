#include <promptbound/attention/choice/polynomial_attention.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include <promptbound/attention/check_arrays.hpp>
#include <promptbound/attention/clusters/cluster_kernel.hpp>
#include <promptbound/attention/clusters/key_groups.hpp>
#include <promptbound/numeric/fast_interval.hpp>
#include <promptbound/numeric/precision.hpp>

#include "attention/arrays.hpp"
#include "attention/instruction_sets.hpp"

using namespace promptbound;

namespace {

/// Does every `step`-th query's every output lie within its bound of the exact result?
template <class T>
bool is_within_bounds_in_reals(const AttentionArrays<T>& arrays, const Attended<T>& result, Index step = 1) {
  const WorkingPrecision scope(160);
  for (Index head = 0; head < arrays.heads; ++head) {
    for (Index i = 0; i < arrays.n; i += step) {
      auto at = static_cast<std::size_t>((head * arrays.n + i) * arrays.d_v);
      for (const Real& exact : reference_attention<Real>(arrays, head, i)) {
        const Real distance = abs(exact - Real(static_cast<double>(result.output[at])));
        if (!(distance <= Real(static_cast<double>(result.error[at])))) return false;
        ++at;
      }
    }
  }
  return true;
}

/// These clusters' attention; the centre of each is its first key, and all have one polynomial.
template <class T>
Attended<T> attend_by(const StoredArrays<T>& stored, const std::vector<Index>& end,
                      const ScorePolynomial& polynomial) {
  const AttentionArrays<T>& arrays = stored.arrays;
  KeyClusters<T> clusters;
  clusters.d = arrays.d;
  clusters.d_v = arrays.d_v;
  clusters.keys = stored.k;
  clusters.values = stored.v;
  clusters.end = end;
  for (Index g = 0; g < clusters.count(); ++g) {
    const T* key = arrays.key(0, clusters.first(g));
    clusters.centres.emplace_back(key, key + arrays.d);
    clusters.polynomials.push_back(polynomial);
  }
  Attended<T> result;
  result.output.resize(static_cast<std::size_t>(arrays.n * arrays.d_v));
  result.error.resize(result.output.size());
  attend_clusters(arrays, 0, check_arrays(arrays)[0], clusters, result.output.data(), result.error.data());
  return result;
}

float largest(const std::vector<float>& errors) { return *std::max_element(errors.begin(), errors.end()); }

}  // namespace

TEST_CASE_TEMPLATE("keys in groups: within the bound where one centre needs far more or fails", T, float,
                   double) {
  RandomDoubles random(1);
  AttentionArrays<T> shape = shapes<T>(2, 2100, 3000, 100, 4, 2);
  shape.scale = 3;
  const StoredArrays<T> stored = grouped_arrays<T>(random, shape, 8, 3, 0.05);
  PolynomialOptions options;
  for (const double accuracy : {1e-2, sizeof(T) == 4 ? 1e-3 : 1e-8}) {
    options.accuracy = accuracy;
    for (const bool moment : {false, true}) {
      options.moment = moment;
      PolynomialChoice choice;
      const auto result = polynomial_attention(stored.arrays, options, &choice);
      REQUIRE(result.has_value());
      CHECK(choice.clusters >= 8);
      CHECK(choice.polynomials.size() == 2);
      CHECK(static_cast<double>(largest(result->error)) <= accuracy);
      CHECK(is_within_bounds_in_reals(stored.arrays, *result, 50));
    }
    PolynomialOptions without = options;
    without.clusters = false;
    CHECK_FALSE(polynomial_attention(stored.arrays, without).has_value());
  }
}

TEST_CASE("clusters lower the rank where one centre is possible") {
  RandomDoubles random(2);
  AttentionArrays<double> shape = shapes<double>(1, 500, 20000, 0, 4, 2);
  shape.scale = 0.6;
  const StoredArrays<double> stored = grouped_arrays<double>(random, shape, 8, 3, 0.05);
  PolynomialOptions options;
  options.accuracy = 1e-6;
  PolynomialChoice with, without;
  const auto a = polynomial_attention(stored.arrays, options, &with);
  options.clusters = false;
  const auto b = polynomial_attention(stored.arrays, options, &without);
  REQUIRE((a.has_value() && b.has_value()));
  CHECK(without.clusters == 1);
  CHECK(with.clusters > 1);
  CHECK(5 * with.rank < without.rank);
  CHECK(is_within_bounds_in_reals(stored.arrays, *a, 25));
}

TEST_CASE_TEMPLATE("one cluster where more do not pay", T, float, double) {
  RandomDoubles random(3);
  PolynomialOptions options;
  PolynomialChoice choice;
  const StoredArrays<T> uniform = random_arrays<T>(random, shapes<T>(1, 300, 30000, 0, 4, 4));
  REQUIRE(polynomial_attention(uniform.arrays, options, &choice).has_value());
  CHECK(choice.clusters == 1);
  StoredArrays<T> equal = random_arrays<T>(random, shapes<T>(1, 300, 30000, 0, 4, 4));
  for (std::size_t i = 0; i < equal.k.size(); ++i) equal.k[i] = static_cast<T>(100 * (i % 4) + 7);
  const auto result = polynomial_attention(equal.arrays, options, &choice);
  REQUIRE(result.has_value());
  CHECK(choice.clusters == 1);
  CHECK(is_within_bounds_in_reals(equal.arrays, *result, 100));
}

TEST_CASE_TEMPLATE("few keys far apart and values that are all equal", T, float, double) {
  RandomDoubles random(4);
  for (const Index keys : {1, 2, 3, 20}) {
    StoredArrays<T> stored = random_arrays<T>(random, shapes<T>(1, 40, keys, 0, 2, 3));
    for (T& entry : stored.k) entry *= T(60);
    PolynomialOptions options;
    options.accuracy = 1e-4;
    PolynomialChoice choice;
    const auto result = polynomial_attention(stored.arrays, options, &choice);
    REQUIRE(result.has_value());
    CHECK(choice.clusters <= keys);
    CHECK(is_within_bounds_in_reals(stored.arrays, *result));
    std::fill(stored.v.begin(), stored.v.end(), T(0.7));
    const auto constant = polynomial_attention(stored.arrays, options, &choice);
    if (constant) CHECK(is_within_bounds_in_reals(stored.arrays, *constant));
  }
}

TEST_CASE_TEMPLATE("a cluster so far away that the others' weights underflow", T, float, double) {
  RandomDoubles random(5);
  StoredArrays<T> stored = random_arrays<T>(random, shapes<T>(1, 50, 400, 0, 2, 2), 0.5);
  stored.arrays.scale = 1;
  for (std::size_t i = 0; i < 400; ++i) stored.k[i] += T(3000);
  std::fill(stored.v.begin(), stored.v.begin() + 400, T(0.25));
  for (const bool moment : {false, true}) {
    const ScorePolynomial polynomial = moment ? moment_polynomial(2, 1, 10, 10) : chebyshev_polynomial(2, 10);
    const Attended<T> result = attend_by(stored, {200, 400}, polynomial);
    CHECK(is_within_bounds_in_reals(stored.arrays, result));
    CHECK(largest(result.error) < 1e-3F);
  }
  PolynomialOptions options;
  PolynomialChoice choice;
  const auto chosen = polynomial_attention(stored.arrays, options, &choice);
  REQUIRE(chosen.has_value());
  CHECK(choice.clusters > 1);
  CHECK(is_within_bounds_in_reals(stored.arrays, *chosen));
}

TEST_CASE_TEMPLATE("any clusters and centres are right whatever weighs most", T, float, double) {
  RandomDoubles random(6);
  for (const double size : {0.1, 1.0, 5.0, 20.0}) {
    StoredArrays<T> stored = random_arrays<T>(random, shapes<T>(1, 30, 60, 0, 3, 2));
    // Groups of 20 keys, `size` apart: from the same place up to weights e^-14 and less.
    for (std::size_t i = 0; i < stored.k.size(); ++i) {
      const std::size_t group = i / 60;
      stored.k[i] = stored.k[i] / 4 + static_cast<T>(size) * static_cast<T>(group);
    }
    for (const Index degree : {2, 4, 9}) {
      for (const auto& polynomial :
           {chebyshev_polynomial(0.6, degree), moment_polynomial(0.6, 0, degree, degree + degree % 2)}) {
        const Attended<T> result = attend_by(stored, {20, 40, 60}, polynomial);
        CHECK(is_within_bounds_in_reals(stored.arrays, result));
        CHECK(largest(result.error) < 0.5F);
      }
    }
    // Scores beyond one cluster's polynomial leave no bound.
    const Attended<T> beyond = attend_by(stored, {20, 40, 60}, chebyshev_polynomial(0.01, 3));
    for (const float bound : beyond.error) CHECK(std::isinf(bound));
  }
}

TEST_CASE("any number of threads gives the same outputs from clusters") {
  RandomDoubles random(7);
  AttentionArrays<float> shape = shapes<float>(1, 5000, 9000, 20, 3, 2);
  shape.scale = 3;
  const StoredArrays<float> stored = grouped_arrays<float>(random, shape, 5, 3, 0.05);
  PolynomialOptions options;
  PolynomialChoice choice;
  const auto one = polynomial_attention(stored.arrays, options, &choice);
  options.threads = 2;
  const auto two = polynomial_attention(stored.arrays, options);
  REQUIRE((one.has_value() && two.has_value()));
  CHECK(choice.clusters > 1);
  CHECK(one->output == two->output);
  CHECK(one->error == two->error);
}

TEST_CASE("sorting loses no key and leaves out empty clusters") {
  RandomDoubles random(8);
  const StoredArrays<double> stored = random_arrays<double>(random, shapes<double>(1, 1, 200, 50, 2, 1));
  const KeyClusters<double> clusters =
      sort_by_centre(stored.arrays, 0, {0.1, 0.1}, {0.5, 0.5, -0.5, -0.5, 50, 50, 0.5, -0.5});
  CHECK(clusters.count() == 3);
  CHECK(clusters.end.back() == 250);
  using Row = std::array<double, 3>;
  std::vector<Row> before, after;
  for (Index j = 0; j < 250; ++j) {
    const double* key = stored.arrays.key(0, j);
    before.push_back({key[0], key[1], *stored.arrays.value(0, j)});
    const auto at = static_cast<std::size_t>(j);
    after.push_back({clusters.keys[2 * at], clusters.keys[2 * at + 1], clusters.values[at]});
  }
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  CHECK(before == after);
}

TEST_CASE_TEMPLATE("weights of centres are the proved exponential of the differences of scores", T, float,
                   double) {
  for_each_instruction_set([] {
    RandomDoubles random(9);
    std::vector<double> x(3001, 0.0);  // the first one is the largest
    for (std::size_t g = 1; g < x.size(); ++g) x[g] = -std::exp2(random.between(-60, 9.2));
    const auto clusters = static_cast<Index>(x.size());
    const std::vector<T> queries = {2, T(0.5), 0};
    const Index padded = padded_for_clusters(3);
    std::vector<double> weights(x.size() * static_cast<std::size_t>(padded));
    weigh_centres(queries.data(), 3, 1, 0.5, x.data(), clusters, weights.data());
    bool is_within = true, are_left_out = true;
    for (std::size_t g = 0; g < x.size(); ++g) {
      const double* of_cluster = weights.data() + g * static_cast<std::size_t>(padded);
      for (std::size_t i = 0; i < 3; ++i) {
        const double score = x[g] * 0.5 * static_cast<double>(queries[i]);
        if (score > -600) {
          is_within = is_within && exp(FastInterval(score)).contains(FastInterval(of_cluster[i]));
        } else {
          are_left_out = are_left_out && of_cluster[i] == 0;
        }
      }
    }
    CHECK(is_within);
    CHECK(are_left_out);
    CHECK(weights[0] == 1);
  });
}

TEST_CASE_TEMPLATE("a cluster's share is added cell by cell and none of one that is left out", T, float,
                   double) {
  for_each_instruction_set([] {
    const Index rows = padded_for_clusters(17), d_v = 3;
    RandomDoubles random(10);
    const auto queries = static_cast<std::size_t>(rows), cells = queries * 3;
    std::vector<double> weights(queries), totals(queries, 1.0), sums(cells, 2.0), error_sums(cells, 3.0);
    std::vector<T> normalisers(queries), means(cells);
    std::vector<float> errors(cells);
    // Small whole numbers: nothing is rounded.
    for (double& weight : weights) weight = std::floor(random.between(0, 3));
    for (T& normaliser : normalisers) normaliser = static_cast<T>(std::floor(random.between(1, 9)));
    for (T& mean : means) mean = static_cast<T>(std::floor(random.between(-9, 9)));
    for (float& error : errors) error = static_cast<float>(std::floor(random.between(0, 9)));
    weights[4] = 0;
    normalisers[4] = std::numeric_limits<T>::infinity();
    add_share<T>({weights.data(), normalisers.data(), means.data(), errors.data()}, rows, d_v, totals.data(),
                 sums.data(), error_sums.data());
    bool is_right = true;
    for (std::size_t i = 0; i < queries; ++i) {
      const double a = weights[i] == 0 ? 0 : weights[i] * static_cast<double>(normalisers[i]);
      is_right = is_right && totals[i] == 1 + a;
      for (std::size_t cell = 3 * i; cell < 3 * i + 3; ++cell) {
        is_right = is_right && sums[cell] == 2 + a * static_cast<double>(means[cell]) &&
                   error_sums[cell] == 3 + a * static_cast<double>(errors[cell]);
      }
    }
    CHECK(is_right);
  });
}

TEST_CASE_TEMPLATE("the nearest centre is the nearest one", T, float, double) {
  for_each_instruction_set([] {
    RandomDoubles random(11);
    for (const Index d : {1, 3}) {
      for (const Index count : {1, 5, 16, 17, 32}) {
        std::vector<T> centres(static_cast<std::size_t>(count * d)), points(static_cast<std::size_t>(40 * d));
        // On a grid, on which T is exact; with ties, of which either is right.
        for (std::vector<T>* rows : {&centres, &points})
          for (T& entry : *rows) entry = static_cast<T>(std::floor(random.between(-64, 64)) / 8);
        const std::vector<std::int32_t> nearest = nearest_centres(centres, d, points.data(), 40);
        const auto square = [&](Index j, Index g) {
          double sum = 0;
          for (Index c = 0; c < d; ++c) {
            const double difference = static_cast<double>(points[static_cast<std::size_t>(j * d + c)]) -
                                      static_cast<double>(centres[static_cast<std::size_t>(g * d + c)]);
            sum += difference * difference;
          }
          return sum;
        };
        bool is_nearest = true;
        for (Index j = 0; j < 40; ++j) {
          for (Index g = 0; g < count; ++g)
            is_nearest = is_nearest && square(j, nearest[static_cast<std::size_t>(j)]) <= square(j, g);
        }
        CHECK(is_nearest);
      }
    }
  });
}

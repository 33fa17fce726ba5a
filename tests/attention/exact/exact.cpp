#include <promptbound/attention/exact/exact.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <promptbound/attention/exact/exact_kernel.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>

#include "attention/arrays.hpp"
#include "attention/instruction_sets.hpp"

using namespace promptbound;

namespace {

/// Every output within its bound of the exact result, for both analyses.
template <class T>
void check_within_bounds(const AttentionArrays<T>& arrays) {
  const WorkingPrecision scope(200);
  std::vector<Interval> exact;
  for (Index head = 0; head < arrays.heads; ++head) {
    for (Index i = 0; i < arrays.n; ++i) {
      for (Interval& entry : reference_attention<Interval>(arrays, head, i))
        exact.push_back(std::move(entry));
    }
  }
  for (const Rounding rounding : {Rounding::prior, Rounding::running}) {
    const Attended<T> result = exact_attention(arrays, {rounding, 1});
    REQUIRE(result.output.size() == exact.size());
    double excess = 0;
    for (std::size_t at = 0; at < exact.size(); ++at) {
      const Interval distance = abs(exact[at] - Interval(static_cast<double>(result.output[at])));
      const double bound = static_cast<double>(result.error[at]);
      if (!certainly_less_equal(distance, Interval(bound)))
        excess = std::max(excess, distance.upper_double() / bound);
    }
    CAPTURE(static_cast<int>(rounding));
    CHECK(excess == 0);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("ragged shapes - prompts and heads with every instruction set", T, float, double) {
  for_each_instruction_set([] {
    RandomDoubles random(1);
    for (const auto& shape :
         {shapes<T>(1, 1, 1, 0, 1, 1), shapes<T>(1, 33, 17, 0, 3, 2), shapes<T>(2, 5, 130, 7, 8, 9),
          shapes<T>(1, 70, 259, 131, 4, 17), shapes<T>(3, 3, 0, 5, 2, 1), shapes<T>(1, 2, 40, 0, 256, 65)}) {
      check_within_bounds(random_arrays<T>(random, shape, 2).arrays);
    }
  });
}

TEST_CASE_TEMPLATE("causal masks see the prompt and the positions up to their own", T, float, double) {
  for_each_instruction_set([] {
    RandomDoubles random(2);
    for (const auto& shape :
         {shapes<T>(1, 300, 300, 0, 4, 3), shapes<T>(2, 37, 37, 10, 5, 2), shapes<T>(1, 20, 150, 3, 2, 4)}) {
      for (const double size : {1.0, 100.0}) {  // offsets by bounds, and running maxima
        StoredArrays<T> stored = random_arrays<T>(random, shape, size);
        stored.arrays.mask = Mask::causal;
        check_within_bounds(stored.arrays);
      }
    }
  });
}

TEST_CASE_TEMPLATE("large - clustered and tiny entries", T, float, double) {
  for_each_instruction_set([] {
    RandomDoubles random(3);
    const auto shape = shapes<T>(1, 40, 150, 12, 6, 3);
    for (const double size : {1e-30, 1e-3, 5.0, 30.0, 300.0, 1e4, 1e8})
      check_within_bounds(random_arrays<T>(random, shape, size).arrays);
    StoredArrays<T> stored = random_arrays<T>(random, shape);
    // Subnormal queries against large keys, subnormal values, and a value column far from zero.
    stored.fill([&] { return random.between(-1, 1) * static_cast<double>(std::numeric_limits<T>::min()); },
                [&] { return random.between(-1, 1) * static_cast<double>(std::numeric_limits<T>::min()); });
    check_within_bounds(stored.arrays);
    const double large = 0.25 / std::sqrt(static_cast<double>(std::numeric_limits<T>::min()));
    for (T& key : stored.k) key = static_cast<T>(random.between(-large, large));
    check_within_bounds(stored.arrays);
    stored.fill([&] { return random.sign() * 3; }, [&] { return 1000 + random.between(-1, 1); });
    check_within_bounds(stored.arrays);
    // One key far above the others, then the same key everywhere.
    for (Index c = 0; c < shape.d; ++c) stored.k[static_cast<std::size_t>(5 * shape.d + c)] *= 100;
    check_within_bounds(stored.arrays);
    stored.fill([] { return 0.7; }, [&] { return random.between(-1, 1); });
    check_within_bounds(stored.arrays);
  });
}

TEST_CASE_TEMPLATE("accumulation over many keys stays within 1e-6 on adversarial data", T, float, double) {
  RandomDoubles random(4);
  StoredArrays<T> stored;
  stored.arrays = shapes<T>(1, 3, 16384, 0, 8, 2);
  stored.fill([&] { return random.sign() * 1.5; }, [&] { return random.sign(); });
  const WorkingPrecision scope(200);
  const Attended<T> result = exact_attention(stored.arrays);
  double largest = 0, error = 0;
  for (Index i = 0; i < 3; ++i) {
    const std::vector<Interval> exact = reference_attention<Interval>(stored.arrays, 0, i);
    for (std::size_t c = 0; c < 2; ++c) {
      const double output = static_cast<double>(result.output[2 * static_cast<std::size_t>(i) + c]);
      largest = std::max(largest, abs(exact[c]).lower_double());
      error = std::max(error, abs(exact[c] - Interval(output)).upper_double());
    }
  }
  CHECK(error <= 1e-6 * largest);
}

TEST_CASE("any number of threads gives the same outputs") {
  RandomDoubles random(5);
  const StoredArrays<float> stored = random_arrays<float>(random, shapes<float>(3, 700, 300, 20, 8, 8));
  const Attended<float> one = exact_attention(stored.arrays),
                        two = exact_attention(stored.arrays, {Rounding::prior, 2});
  CHECK(one.output == two.output);
  CHECK(one.error == two.error);
}

TEST_CASE("equal values come back up to the rounding that is claimed") {
  RandomDoubles random(6);
  StoredArrays<double> stored = random_arrays<double>(random, shapes<double>(1, 9, 500, 0, 4, 1), 3);
  std::fill(stored.v.begin(), stored.v.end(), 0.1);
  const Attended<double> result = exact_attention(stored.arrays, {Rounding::running, 1});
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(std::abs(result.output[i] - 0.1) <= static_cast<double>(result.error[i]));
    CHECK(result.error[i] < 1e-13F);  // no range of values: weights do not matter
  }
}

TEST_CASE_TEMPLATE("unusable arrays are refused", T, float, double) {
  RandomDoubles random(7);
  const auto shape = shapes<T>(2, 3, 4, 2, 2, 2);
  const StoredArrays<T> good = random_arrays<T>(random, shape);
  const auto refused = [](const AttentionArrays<T>& arrays, const char* what) {
    CHECK_THROWS_WITH_AS((void)exact_attention(arrays), doctest::Contains(what), InputError);
  };
  for (const T bad : {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(),
                      -std::numeric_limits<T>::infinity()}) {
    StoredArrays<T> stored = random_arrays<T>(random, shape);
    stored.v[13] = bad;
    refused(stored.arrays, "v: entry");
    refused(stored.arrays, "head 1, row 2, column 1");
    stored = random_arrays<T>(random, shape);
    stored.prompt_k[0] = bad;
    refused(stored.arrays, "prompt k: entry");
    stored = random_arrays<T>(random, shape);
    stored.q[2] = bad;
    refused(stored.arrays, "q: entry");
  }
  AttentionArrays<T> arrays = good.arrays;
  arrays.n = 0;
  refused(arrays, "no query");
  arrays = good.arrays;
  arrays.m = arrays.prompt = 0;
  refused(arrays, "no key");
  arrays = good.arrays;
  arrays.scale = 0;
  refused(arrays, "scale");
  arrays = good.arrays;
  arrays.mask = Mask::causal;
  arrays.n = 4;
  arrays.m = 3;
  refused(arrays, "causal");
  StoredArrays<T> large = random_arrays<T>(random, shape);
  large.q[0] = large.k[0] = std::numeric_limits<T>::max() / 64;
  refused(large.arrays, "scores may overflow");
  large = random_arrays<T>(random, shape);
  large.v[0] = std::numeric_limits<T>::max();
  refused(large.arrays, "sums of values may overflow");
}

TEST_CASE("exact attention: a query whose square overflows - over keys of zero") {
  const float q[2] = {1e20F, 1}, k[2] = {0, 0}, v[2] = {1, 2};
  AttentionArrays<float> arrays;
  arrays.n = arrays.m = 2;
  arrays.d = arrays.d_v = 1;
  arrays.q = q;
  arrays.k = k;
  arrays.v = v;
  CHECK(exact_attention(arrays).output == std::vector<float>{1.5F, 1.5F});
}

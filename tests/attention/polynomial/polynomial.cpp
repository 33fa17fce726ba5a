#include <promptbound/attention/centre_of_keys.hpp>
#include <promptbound/attention/choice/polynomial_attention.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/attention/polynomial/polynomial_kernel.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>

#include "attention/arrays.hpp"
#include "attention/instruction_sets.hpp"

using namespace promptbound;

namespace {

/// Does every output lie within its bound of the exact result?
template <class T>
bool is_certainly_within_bounds(const AttentionArrays<T>& arrays, const Attended<T>& result) {
  const WorkingPrecision scope(160);
  std::size_t at = 0;
  for (Index head = 0; head < arrays.heads; ++head) {
    for (Index i = 0; i < arrays.n; ++i) {
      for (const Interval& exact : reference_attention<Interval>(arrays, head, i)) {
        const Interval distance = abs(exact - Interval(static_cast<double>(result.output[at])));
        if (!certainly_less_equal(distance, Interval(static_cast<double>(result.error[at])))) return false;
        ++at;
      }
    }
  }
  return true;
}

}  // namespace

TEST_CASE_TEMPLATE("within the bound and the bound within the accuracy asked for", T, float, double) {
  RandomDoubles random(1);
  for (const auto& shape : {shapes<T>(1, 7, 40, 0, 1, 1), shapes<T>(1, 70, 300, 13, 3, 2),
                            shapes<T>(1, 33, 2500, 0, 4, 11), shapes<T>(1, 5, 0, 30, 8, 8)}) {
    for (const bool moment : {false, true}) {
      for (const double accuracy : {1e-1, 1e-3}) {
        StoredArrays<T> stored = random_arrays<T>(random, shape);
        PolynomialOptions options;
        options.accuracy = accuracy;
        options.moment = moment;
        PolynomialChoice choice;
        const auto result = polynomial_attention(stored.arrays, options, &choice);
        REQUIRE(result.has_value());
        CHECK(is_certainly_within_bounds(stored.arrays, *result));
        CHECK(choice.degree >= 1);
        double largest = 0;
        for (const T value : stored.v) largest = std::max(largest, std::abs(static_cast<double>(value)));
        for (const T value : stored.prompt_v)
          largest = std::max(largest, std::abs(static_cast<double>(value)));
        for (const float error : result->error) CHECK(static_cast<double>(error) <= accuracy * largest);
      }
    }
  }
}

TEST_CASE("keys far from zero are centred and the even moment lowers the rank") {
  RandomDoubles random(2);
  StoredArrays<double> stored = random_arrays<double>(random, shapes<double>(1, 40, 500, 0, 6, 2));
  for (double& key : stored.k) key += 50;
  PolynomialChoice with, without;
  const auto a = polynomial_attention(stored.arrays, {1e-4, 1, true}, &with);
  const auto b = polynomial_attention(stored.arrays, {1e-4, 1, false}, &without);
  REQUIRE((a.has_value() && b.has_value()));
  CHECK(is_certainly_within_bounds(stored.arrays, *a));
  CHECK(is_certainly_within_bounds(stored.arrays, *b));
  CHECK(with.rank < without.rank);
  CHECK(with.polynomials[0].moment > 0);
  CHECK(without.polynomials[0].moment == 0);
}

TEST_CASE("what cannot be certified is not returned") {
  RandomDoubles random(3);
  const StoredArrays<float> stored = random_arrays<float>(random, shapes<float>(1, 10, 100, 0, 8, 8));
  CHECK_FALSE(polynomial_attention(stored.arrays, {1e-7, 1, true}).has_value());  // beyond binary32
  const StoredArrays<double> large = random_arrays<double>(random, shapes<double>(1, 10, 100, 0, 8, 8), 20);
  CHECK_FALSE(polynomial_attention(large.arrays, {1e-3, 1, true}).has_value());  // scores up to 400
  StoredArrays<float> causal = random_arrays<float>(random, shapes<float>(1, 10, 100, 0, 8, 8));
  causal.arrays.mask = Mask::causal;
  CHECK_FALSE(polynomial_attention(causal.arrays, {1e-1, 1, true}).has_value());
}

TEST_CASE("a prompt's moments are computed once and serve every input") {
  RandomDoubles random(4);
  const auto shape = shapes<double>(1, 20, 300, 64, 4, 3);
  const StoredArrays<double> first = random_arrays<double>(random, shape);
  StoredArrays<double> second = random_arrays<double>(random, shape);
  second.prompt_k = first.prompt_k;
  second.prompt_v = first.prompt_v;
  second.arrays.prompt_k = second.prompt_k.data();
  second.arrays.prompt_v = second.prompt_v.data();
  KeyMoments<double> prompt(chebyshev_polynomial(2, 16), {0, 0, 0, 0}, 3);
  prompt.add(first.prompt_k.data(), first.prompt_v.data(), 64);
  for (const StoredArrays<double>* stored : {&first, static_cast<const StoredArrays<double>*>(&second)}) {
    KeyMoments<double> moments = prompt;
    moments.add(stored->k.data(), stored->v.data(), 300);
    Attended<double> result;
    result.output.resize(60);
    result.error.resize(60);
    moments.attend(stored->q.data(), 20, stored->arrays.scale, result.output.data(), result.error.data());
    CHECK(is_certainly_within_bounds(stored->arrays, result));
    CHECK(*std::max_element(result.error.begin(), result.error.end()) < 1e-9F);
  }
}

TEST_CASE("queries beyond the polynomial's range get no bound") {
  RandomDoubles random(5);
  const StoredArrays<double> stored = random_arrays<double>(random, shapes<double>(1, 4, 50, 0, 2, 1), 3);
  KeyMoments<double> moments(chebyshev_polynomial(0.5, 8), {0, 0}, 1);
  moments.add(stored.k.data(), stored.v.data(), 50);
  std::vector<double> output(4);
  std::vector<float> error(4);
  moments.attend(stored.q.data(), 4, stored.arrays.scale, output.data(), error.data());
  for (const float bound : error) CHECK(std::isinf(bound));
}

TEST_CASE("values that follow the polynomial's error stay within the bound and come near it") {
  RandomDoubles random(8);
  double least_quotient = 1e300;
  for (const double inner : {0.0, 0.2, 0.5, 0.9}) {
    for (const Index degree : {2, 3, 4}) {
      for (Index moment = 2; moment <= degree + (inner > 0 ? 2 : 1); moment += 2) {
        const double S = 2;
        const ScorePolynomial polynomial = moment_polynomial(S, inner * S, degree, moment);
        const auto error_at = [&](double s) {
          double sum = 0;
          for (std::size_t l = polynomial.coefficients.size(); l-- > 0;)
            sum = sum * s + polynomial.coefficients[l];
          return sum - std::exp(s);
        };
        // 1 where the polynomial's weight is too large, or where it is far too large: most outputs are then
        // near an end of the range.
        for (const double share : {0.0, 0.5, 0.95}) {
          StoredArrays<double> stored = random_arrays<double>(random, shapes<double>(1, 1, 200, 0, 1, 1), S);
          stored.q[0] = 1;
          double largest = 0;
          for (const double key : stored.k) largest = std::max(largest, error_at(key));
          for (std::size_t j = 0; j < stored.k.size(); ++j)
            stored.v[j] = error_at(stored.k[j]) > share * largest ? 1 : 0;
          KeyMoments<double> moments(polynomial, {0}, 1);
          moments.add(stored.k.data(), stored.v.data(), 200);
          Attended<double> result;
          result.output.resize(1);
          result.error.resize(1);
          moments.attend(stored.q.data(), 1, 1, result.output.data(), result.error.data());
          if (std::isinf(result.error[0])) continue;  // the polynomial says nothing
          CHECK(is_certainly_within_bounds(stored.arrays, result));
          const double exact =
              reference_attention<Interval>(stored.arrays, 0, 0)[0].midpoint().upper_double();
          least_quotient = std::min(
              least_quotient, static_cast<double>(result.error[0]) / std::abs(exact - result.output[0]));
        }
      }
    }
  }
  CHECK(least_quotient < 3);
}

TEST_CASE("any number of threads gives the same outputs") {
  RandomDoubles random(6);
  const StoredArrays<float> stored = random_arrays<float>(random, shapes<float>(1, 3000, 9000, 20, 3, 2));
  const auto one = polynomial_attention(stored.arrays, {1e-3, 1, true}),
             two = polynomial_attention(stored.arrays, {1e-3, 2, true});
  REQUIRE((one.has_value() && two.has_value()));
  CHECK(one->output == two->output);
  CHECK(one->error == two->error);
}

namespace {

/// The powers of the variables in one of the monomials that `parent` and `variable` describe.
std::vector<int> powers(const std::vector<std::int32_t>& parent, const std::vector<std::int32_t>& variable,
                        Index d, std::int32_t a) {
  std::vector<int> result(static_cast<std::size_t>(d));
  for (; a > 0; a = parent[static_cast<std::size_t>(a)])
    ++result[static_cast<std::size_t>(variable[static_cast<std::size_t>(a)])];
  return result;
}

}  // namespace

TEST_CASE("pairs of features are the monomials and each has its even moment once") {
  for (Index d = 1; d <= 20; d += 1 + d / 6) {
    for (Index degree = 0; degree <= (d < 4 ? 40 : 6); degree += 1 + degree / 5) {
      for (const Index moment : {Index{0}, (degree + 1) / 2 * 2}) {
        if (monomial_count(d, std::max(degree, moment)) > 1e5) continue;
        const MomentLayout layout(d, 2, degree, moment);
        const Monomials& monomials = layout.monomials;
        REQUIRE(layout.full() == monomials.end[static_cast<std::size_t>(degree)]);
        const auto feature = [&](std::int32_t a) { return powers(layout.parent, layout.variable, d, a); };
        for (Index a = 0; a < layout.full(); ++a) {
          const MomentLayout::Pair pair = layout.pairs[static_cast<std::size_t>(a)];
          std::vector<int> product = feature(pair.left);
          const std::vector<int> right = feature(pair.right);
          std::transform(product.begin(), product.end(), right.begin(), product.begin(), std::plus<>());
          CHECK(product == powers(monomials.parent, monomials.variable, d, static_cast<std::int32_t>(a)));
        }
        std::vector<std::int32_t> singles = layout.singles;
        std::sort(singles.begin(), singles.end());
        if (moment == 0) {
          CHECK(singles.empty());
          continue;
        }
        const Index from = monomials.end[static_cast<std::size_t>(moment - 1)];
        REQUIRE(static_cast<Index>(singles.size()) == monomials.end[static_cast<std::size_t>(moment)] - from);
        for (std::size_t i = 0; i < singles.size(); ++i)
          CHECK(singles[i] == static_cast<std::int32_t>(from + static_cast<Index>(i)));
      }
    }
  }
}

TEST_CASE_TEMPLATE("scales are a power of two and a rest whatever their size", T, float, double) {
  RandomDoubles random(8);
  for (const double scale : {0.3, 1.0, 1.999999, 2.0, 7e-20, 5e-42, 4e-320, 3e40, 1e152}) {
    const QueryScale<T> split(scale);
    const auto unit = static_cast<double>(split.unit);
    CHECK(unit * split.rest == scale);
    CHECK(unit * (scale / unit) == scale);
    CHECK(std::isnormal(split.unit));
    CHECK(std::ldexp(1.0, std::ilogb(unit)) == unit);
    if (std::isnormal(static_cast<T>(scale))) CHECK((split.rest >= 1 && split.rest < 2));

    if (sizeof(T) == 4 && scale > 1e41) continue;
    // Scores about 1 where entries can be that large or small.
    const double most = sizeof(T) == 4 ? 1e36 : 1e150, of_queries = std::clamp(1 / scale, 1 / most, most),
                 of_keys = std::clamp(1 / (scale * of_queries), 1e-5, 1e4);
    StoredArrays<T> stored = random_arrays<T>(random, shapes<T>(1, 20, 50, 0, 3, 2));
    for (T& entry : stored.q) entry = static_cast<T>(static_cast<double>(entry) * of_queries);
    for (T& entry : stored.k) entry = static_cast<T>(static_cast<double>(entry) * of_keys);
    stored.arrays.scale = scale;
    const auto result = polynomial_attention(stored.arrays, {1e-2, 1, true});
    REQUIRE(result.has_value());
    CHECK(is_certainly_within_bounds(stored.arrays, *result));
  }
}

TEST_CASE_TEMPLATE("widths that fit no tile and counts that fit no vector", T, float, double) {
  for_each_instruction_set([] {
    RandomDoubles random(7);
    for (Index d = 1; d <= 9; ++d) {
      for (Index d_v = 1; d_v <= 19; d_v += 3) {
        const StoredArrays<T> stored =
            random_arrays<T>(random, shapes<T>(1, 1 + d_v, 20 + 5 * d, d % 2, d, d_v));
        for (const ScorePolynomial& polynomial :
             {chebyshev_polynomial(2, 5), moment_polynomial(2, 0, 4, 4), moment_polynomial(2, 0.7, 4, 6)}) {
          KeyMoments<T> moments(polynomial, centre_of_keys(stored.arrays, 0), d_v);
          moments.add(stored.prompt_k.data(), stored.prompt_v.data(), stored.arrays.prompt);
          moments.add(stored.k.data(), stored.v.data(), stored.arrays.m);
          Attended<T> result;
          result.output.resize(static_cast<std::size_t>(stored.arrays.n * d_v));
          result.error.resize(result.output.size());
          moments.attend(stored.q.data(), stored.arrays.n, stored.arrays.scale, result.output.data(),
                         result.error.data());
          CHECK(std::isfinite(*std::max_element(result.error.begin(), result.error.end())));
          CHECK(is_certainly_within_bounds(stored.arrays, result));
        }
      }
    }
  });
}

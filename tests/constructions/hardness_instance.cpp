#include <doctest/doctest.h>

#include <promptbound/constructions/hardness_instance.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/transformer/attention.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

bool is_near(const NearestPoints& points, Index i) {
  for (Index j = 0; j < points.b.cols(); ++j) {
    int distance = 0;
    for (Index k = 0; k < points.b.rows(); ++k) distance += points.a(k, i) != points.b(k, j) ? 1 : 0;
    if (distance <= points.t) return true;
  }
  return false;
}

/// Compares every decision with brute force, and the outputs with the stated margins.
void check_decisions(const NearestPoints& points) {
  const HardnessInstance instance = hardness_instance(points);
  const FastInterval quarter = FastInterval(1) / FastInterval(4), half = FastInterval(1) / FastInterval(2);
  for (Index i = 0; i < points.a.cols(); ++i) {
    const FastInterval output = hardness_output<FastInterval>(instance, i);
    REQUIRE(is_near_by_force(points, i) == is_near(points, i));
    REQUIRE(is_near_by_attention(instance, i) == is_near(points, i));
    if (is_near(points, i)) {
      REQUIRE(certainly_less_equal(half + quarter, output));
    } else {
      REQUIRE(certainly_less_equal(output, quarter));
    }
  }
}

}  // namespace

TEST_CASE(
    "planted instances up to T = 4096 - D = 64: decisions agree with brute force - entries obey the bound") {
  int near = 0, far = 0;
  for (const auto& size : {std::tuple<Index, Index, int, int>{1, 1, 0, 1},
                           {8, 8, 1, 1},
                           {32, 12, 1, 1},
                           {128, 24, 2, 3},
                           {512, 40, 5, 2},
                           {2048, 64, 6, 8},
                           {64, 10, 0, 1}}) {
    const Index M = std::get<0>(size), D = std::get<1>(size);
    const int t = std::get<2>(size), gap = std::get<3>(size);
    CAPTURE(M);
    const NearestPoints points = planted_points(M, D, t, gap, 71);
    check_decisions(points);
    for (Index i = 0; i < M; ++i) ++(is_near(points, i) ? near : far);
    const HardnessInstance instance = hardness_instance(points);
    CHECK(instance.query_signs.cols() == M);
    CHECK(instance.key_signs.cols() == 2 * M);
    CHECK(instance.key_signs.rows() == D + std::abs(D - Index{2} * t - gap));
    CHECK(instance.query_signs.cwiseAbs().maxCoeff() <= 1);
    // sqrt(ln(3M) / gap) <= entries <= that + 1/64.
    const double least = std::sqrt(std::log(3.0 * static_cast<double>(M)) / gap);
    CHECK(instance.root_beta.convert_to<double>() >= least);
    CHECK(instance.root_beta.convert_to<double>() <= least + 1.0 / 64 + 1e-9);
  }
  CHECK(near > 1000);
  CHECK(far > 1000);
}

TEST_CASE("random points decide as well whatever the threshold where the gap is 1") {
  RandomNumbers random(72);
  for (int i = 0; i < 20; ++i) {
    const Index M = random.integer(1, 60), D = random.integer(1, 20);
    const auto bits = [&] {
      return Matrix<int>(
          Matrix<int>::NullaryExpr(D, M, [&] { return static_cast<int>(random.integer(0, 1)); }));
    };
    // With gap 1 every instance keeps the promise; t up to D covers o < 0.
    check_decisions({bits(), bits(), static_cast<int>(random.integer(0, D)), 1});
  }
}

TEST_CASE("the closed form is the attention of one head over the stacked tokens") {
  const NearestPoints points = planted_points(16, 8, 1, 1, 73);
  const HardnessInstance instance = hardness_instance(points);
  const Index dimension = instance.query_signs.rows(), keys = instance.key_signs.cols();
  // A token carries a query part, a key part and a value.
  Matrix<double> tokens = Matrix<double>::Zero(2 * dimension + 1, keys);
  tokens.middleRows(dimension, dimension) = instance.key_signs.cast<double>();
  tokens.bottomRows(1).leftCols(instance.real_keys).setOnes();
  Matrix<double> A = Matrix<double>::Zero(2 * dimension + 1, 2 * dimension + 1);
  const double root = instance.root_beta.convert_to<double>();
  A.block(dimension, 0, dimension, dimension).setIdentity();
  A *= root * root;
  Matrix<double> V = Matrix<double>::Zero(2 * dimension + 1, 2 * dimension + 1);
  V(2 * dimension, 2 * dimension) = 1;
  const AttentionHead<double> head = head_of_maps<double>(A, V);
  for (Index i = 0; i < 16; ++i) {
    Vector<double> query = Vector<double>::Zero(2 * dimension + 1);
    query.head(dimension) = instance.query_signs.col(i).cast<double>();
    CHECK(attend_from<double>(head, query, tokens)(2 * dimension) ==
          doctest::Approx(hardness_output<double>(instance, i)).epsilon(1e-12));
  }
}

TEST_CASE("points that are no instance are refused") {
  NearestPoints points = planted_points(4, 8, 1, 1, 74);
  points.a(0, 0) = 2;
  CHECK_THROWS_AS((void)hardness_instance(points), InputError);
  points = planted_points(4, 8, 1, 1, 74);
  points.gap = 0;
  CHECK_THROWS_AS((void)hardness_instance(points), InputError);
  points.b.resize(8, 3);
  CHECK_THROWS_AS((void)hardness_instance(points), InputError);
  CHECK_THROWS_AS((void)planted_points(64, 4, 2, 2, 75), InputError);
}

TEST_CASE("an output that binary64 does not tell from 1/2 is decided at more bits - one that is 1/2 is not") {
  // One real key of score p/2^60 against one dummy: 1/2 + about p/2^62.
  HardnessInstance instance;
  instance.real_keys = 1;
  instance.root_beta = Rational(Integer(1), Integer(1) << 30);
  instance.query_signs = Matrix<int>::Ones(1, 1);
  instance.key_signs = Matrix<int>::Zero(1, 2);
  instance.key_signs(0, 0) = 1;
  CHECK(hardness_output<FastInterval>(instance, 0).lower() <= 0.5);
  CHECK(is_near_by_attention(instance, 0));
  instance.key_signs(0, 0) = -1;
  CHECK_FALSE(is_near_by_attention(instance, 0));
  instance.key_signs(0, 0) = 0;
  CHECK_THROWS_AS((void)is_near_by_attention(instance, 0), Undecided);
}

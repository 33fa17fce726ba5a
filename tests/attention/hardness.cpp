// Theory 4.3 and 5.7 through attention: near the threshold the automatic choice is the exact method, and it
// decides.
#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/attention/choice/automatic.hpp>
#include <promptbound/constructions/hardness_instance.hpp>

using namespace promptbound;

namespace {

/// Ham(a_i, b_j) at least, over j.
int nearest(const NearestPoints& points, Index i) {
  int best = static_cast<int>(points.a.rows()) + 1;
  for (Index j = 0; j < points.b.cols(); ++j)
    best = std::min(best, (points.a.col(i) - points.b.col(j)).cwiseAbs().sum());
  return best;
}

}  // namespace

TEST_CASE("hardness instances: automatic attention is exact and decides which points are near") {
  for (const Index M : {64, 512}) {
    const NearestPoints points = planted_points(M, 24, 2, 2, 7);
    const HardnessInstance instance = hardness_instance(points);
    const Index d = instance.query_signs.rows(), keys = instance.key_signs.cols();
    const double root = instance.root_beta.convert_to<double>();
    const auto rows = [&](const Matrix<int>& signs) {
      std::vector<double> entries;
      for (Index column = 0; column < signs.cols(); ++column) {
        for (Index row = 0; row < d; ++row) entries.push_back(root * signs(row, column));
      }
      return entries;
    };
    const std::vector<double> q = rows(instance.query_signs), k = rows(instance.key_signs);
    std::vector<double> v(static_cast<std::size_t>(keys), 0.0);
    std::fill(v.begin(), v.begin() + instance.real_keys, 1.0);
    AttentionArrays<double> arrays;
    arrays.n = M;
    arrays.m = keys;
    arrays.d = d;
    arrays.d_v = 1;
    arrays.q = q.data();
    arrays.k = k.data();
    arrays.v = v.data();
    // Entries are sqrt(beta), of order sqrt(ln M): the regime in which no almost linear method is expected.
    CHECK(root * root >= std::log(3.0 * static_cast<double>(M)) / 2);

    AttentionRequest request;
    request.accuracy = 0.2;
    const auto outcome = attend(arrays, request);
    REQUIRE(std::holds_alternative<AttentionAnswer>(outcome));
    const AttentionAnswer& answer = std::get<AttentionAnswer>(outcome);
    CHECK(answer.method == Method::exact);
    CHECK(answer.error_bound < 0.25);
    const std::vector<double>& output = std::get<Attended<double>>(answer.result).output;
    int near = 0;
    for (Index i = 0; i < M; ++i) {
      const bool is_near = nearest(points, i) <= 2;
      near += is_near ? 1 : 0;
      CHECK((output[static_cast<std::size_t>(i)] > 0.5) == is_near);
    }
    CHECK(near > 0);
    CHECK(near < M);
  }
}

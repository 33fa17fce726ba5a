#include <promptbound/attention/choice/automatic.hpp>

#include <doctest/doctest.h>

#include "attention/answer.hpp"
#include "attention/arrays.hpp"

using namespace promptbound;

namespace {

template <class T>
StoredArrays<T> three_columns(Index n, double size) {
  RandomDoubles random(1);
  AttentionArrays<T> shape;
  shape.n = shape.m = n;
  shape.d = shape.d_v = 3;
  shape.scale = 1.0 / 3;
  return random_arrays<T>(random, shape, size);
}

}  // namespace

TEST_CASE("long inputs with small scores go to the polynomial - large scores to the exact method") {
  const StoredArrays<float> small = three_columns<float>(16384, 0.5), large = three_columns<float>(500, 20);
  AttentionRequest request;
  request.accuracy = 1e-2;
  const AttentionAnswer fast = answer_of(small.arrays, request);
  CHECK(fast.method == Method::polynomial);
  CHECK(fast.rank <= 10);  // at most degree 2 in 3 variables
  CHECK(*fast.expected.polynomial < *fast.expected.exact);
  CHECK(fast.error_bound <= 1e-2);
  CHECK(answer_of(large.arrays, request).method == Method::exact);
  request.accuracy.reset();
  CHECK(answer_of(small.arrays, request).method == Method::exact);
}

TEST_CASE("accuracies beyond binary32 are reached in binary64 - those beyond both refused") {
  const StoredArrays<float> arrays = three_columns<float>(300, 1);
  for (const Method method : {Method::exact, Method::polynomial}) {
    AttentionRequest request;
    request.method = method;
    request.accuracy = 1e-10;
    const AttentionAnswer answer = answer_of(arrays.arrays, request);
    CHECK(answer.method == method);
    CHECK(answer.result.index() == 1);
    CHECK(answer.error_bound <= 1e-10);
    request.accuracy = 1e-17;
    const auto outcome = attend(arrays.arrays, request);
    REQUIRE(std::holds_alternative<Refusal>(outcome));
    CHECK(std::get<Refusal>(outcome).reachable > 1e-17);
  }
}

TEST_CASE("where binary32 has no polynomial one in binary64 is taken") {
  const StoredArrays<float> arrays = three_columns<float>(16384, 1);
  AttentionRequest request;
  request.accuracy = 1e-5;
  const AttentionAnswer answer = answer_of(arrays.arrays, request);
  CHECK(answer.method == Method::polynomial);
  CHECK(answer.result.index() == 1);
  CHECK(answer.why.find("in binary64") != std::string::npos);
  CHECK(*answer.expected.polynomial < *answer.expected.exact);
  CHECK(answer.error_bound <= 1e-5);
}

TEST_CASE("the sharp analysis is used where the prior bound does not suffice") {
  const StoredArrays<float> arrays = three_columns<float>(2000, 1);
  AttentionRequest request;
  request.method = Method::exact;
  request.accuracy = 4e-6;
  const AttentionAnswer answer = answer_of(arrays.arrays, request);
  CHECK(answer.result.index() == 0);
  CHECK(answer.error_bound <= 4e-6);
}

TEST_CASE(
    "without an accuracy small calls get the sharp analysis - large ones and those that ask the prior one") {
  const StoredArrays<float> small = three_columns<float>(100, 1), large = three_columns<float>(1000, 1);
  AttentionRequest request;
  CHECK(answer_of(small.arrays, request).rounding == Rounding::running);
  CHECK(answer_of(large.arrays, request).rounding == Rounding::prior);
  request.rounding = Rounding::prior;
  CHECK(answer_of(small.arrays, request).rounding == Rounding::prior);
}

TEST_CASE("keys in groups far apart go to polynomials of clusters") {
  RandomDoubles random(2);
  AttentionArrays<float> shape = shapes<float>(1, 16384, 16384, 0, 4, 4);
  shape.scale = 3;
  const StoredArrays<float> stored = grouped_arrays<float>(random, shape, 8, 3, 0.05);
  AttentionRequest request;
  request.accuracy = 1e-2;
  const AttentionAnswer answer = answer_of(stored.arrays, request);
  CHECK(answer.method == Method::polynomial);
  CHECK(answer.why.find("clusters") != std::string::npos);
  CHECK(answer.error_bound <= 1e-2);
}

TEST_CASE("few different tokens in many dimensions go to Cholesky") {
  RandomDoubles random(3);
  StoredArrays<float> stored =
      grouped_arrays<float>(random, shapes<float>(1, 4096, 4096, 0, 64, 64), 20, 1, 0.01);
  for (std::size_t i = 0; i < stored.q.size(); ++i) {
    const std::size_t row = i / 64 * 7919 % 4096;
    stored.q[i] = stored.k[row * 64 + i % 64];
  }
  AttentionRequest request;
  request.accuracy = 1e-3;
  const AttentionAnswer answer = answer_of(stored.arrays, request);
  CHECK(answer.method == Method::cholesky);
  CHECK(answer.rank <= 60);
  CHECK(*answer.expected.cholesky < *answer.expected.exact);
  CHECK(answer.error_bound <= 1e-3);
}

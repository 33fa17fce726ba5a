// Heads without values: their outputs are 0, and no accuracy is out of reach.
#include <doctest/doctest.h>

#include <algorithm>

#include <promptbound/attention/choice/automatic.hpp>

#include "attention/answer.hpp"
#include "attention/arrays.hpp"

using namespace promptbound;

namespace {

AttentionAnswer answer_by(const AttentionArrays<float>& arrays, Method method,
                          std::optional<double> accuracy) {
  AttentionRequest request;
  request.method = method;
  request.accuracy = accuracy;
  return answer_of(arrays, request);
}

constexpr Method methods[] = {Method::automatic, Method::exact, Method::polynomial, Method::cholesky};

}  // namespace

TEST_CASE("values that are all 0 give outputs 0 with the bound 0 by every method and at every accuracy") {
  RandomDoubles random(5);
  StoredArrays<float> stored = random_arrays<float>(random, shapes<float>(2, 40, 60, 5, 3, 4), 2);
  std::fill(stored.v.begin(), stored.v.end(), -0.0F);
  std::fill(stored.prompt_v.begin(), stored.prompt_v.end(), 0.0F);
  for (const Method method : methods) {
    for (const std::optional<double> accuracy :
         {std::optional<double>(), std::optional(1e-3), std::optional(1e-30)}) {
      const AttentionAnswer answer = answer_by(stored.arrays, method, accuracy);
      CHECK(answer.error_bound == 0);
      const auto& result = std::get<Attended<float>>(answer.result);
      REQUIRE(result.output.size() == 2 * 40 * 4);
      CHECK(std::all_of(result.output.begin(), result.output.end(), [](float x) { return x == 0; }));
    }
  }
}

TEST_CASE("a head without values keeps none of the others from their method") {
  RandomDoubles random(6);
  StoredArrays<float> stored = random_arrays<float>(random, shapes<float>(3, 500, 500, 0, 3, 2), 0.5F);
  std::fill_n(stored.v.begin() + 500L * 2, 500 * 2, 0.0F);  // the middle one
  for (const Method method : methods) {
    CAPTURE(name(method));
    const AttentionAnswer answer = answer_by(stored.arrays, method, 1e-3);
    if (method != Method::automatic) CHECK(answer.method == method);
    std::visit(
        [&](const auto& result) {
          REQUIRE(result.output.size() == 3 * 500 * 2);
          for (std::size_t i = 0; i < result.output.size(); ++i) {
            const bool is_empty = i / 1000 == 1;
            CHECK((result.error[i] == 0) == is_empty);
            if (is_empty) CHECK(result.output[i] == 0);
          }
          // Where the others stand is right: a query of the last head against the exact result.
          const auto expected = reference_attention<Real>(stored.arrays, 2, 17);
          for (std::size_t c = 0; c < 2; ++c) {
            const std::size_t place = 2000 + 17 * 2 + c;
            CHECK(abs(Real(result.output[place]) - expected[c]) <= Real(result.error[place]));
          }
        },
        answer.result);
  }
}

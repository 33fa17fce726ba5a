#include <doctest/doctest.h>

#include <promptbound/constructions/lora_data_set.hpp>
#include <promptbound/verify/memorization/rank_lower.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE("targets made by m tokens never demand more and the LoRA data demand N") {
  RandomNumbers random(121);
  for (int i = 0; i < 30; ++i) {
    // A = 0: outputs are means, exact in rationals.
    const Index d = random.integer(2, 6), m = random.integer(0, 4), N = random.integer(1, 6);
    const Matrix<Rational> V = random.matrix(d, d), prompt = random.matrix(d, m);
    Matrix<Rational> tokens = random.matrix(d, N), targets(d, N);
    for (Index k = 0; k < N; ++k) {
      Matrix<Rational> keys(d, m + 1);
      keys << prompt, tokens.col(k);
      targets.col(k) = multiply(V, Matrix<Rational>(keys.rowwise().sum() / (m + 1)));
    }
    CHECK(rank_lower(V, tokens, targets) <= m);
    CHECK(rank_lower(V, tokens, targets) >= 0);
  }
  for (Index N = 1; N <= 8; ++N) {
    const LoraDataSet data =
        lora_data_set(Matrix<Rational>::Identity(2 * N, 2 * N), Matrix<Rational>::Zero(N, N));
    CHECK(rank_lower(Matrix<Rational>::Identity(2 * N, 2 * N), data.inputs, data.attention_targets) == N);
  }
}

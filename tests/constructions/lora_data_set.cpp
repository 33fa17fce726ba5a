#include <doctest/doctest.h>

#include <promptbound/constructions/lora_data_set.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/linear_algebra.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE("N = 2..32: exact rank demands N tokens - the update of N + d numbers fits exactly") {
  RandomNumbers random(61);
  for (Index N = 2; N <= 32; ++N) {
    CAPTURE(N);
    const Matrix<Rational> M = Matrix<Rational>::NullaryExpr(
        N, N, [&] { return Rational(random.integer(-3, 3), 7 + random.integer(0, 3)); });
    const Matrix<Rational> A =
        N <= 6 ? random.matrix(2 * N, 2 * N) : Matrix<Rational>(Matrix<Rational>::Identity(2 * N, 2 * N));
    const LoraDataSet data = lora_data_set(A, M);
    CHECK(data.prompt_tokens == N);
    CHECK(data.update_numbers == 3 * N);
    CHECK(data.prompt_numbers == 2 * N * N);

    // V = I and L = 1: a_i = x_i.
    Matrix<Rational> both(2 * N, 2 * N);
    both << data.inputs, data.attention_targets;
    CHECK(rank(both) - rank(data.inputs) == N);
    // The update has rank one, and it alone makes the outputs what is asked for.
    const Transformer<Rational> updated = data.updated();
    const Matrix<Rational> change = updated.layers[0].ffn->W_1 - data.model.layers[0].ffn->W_1;
    CHECK(change == multiply<Rational>(data.u, data.v.transpose()));
    for (Index i = 0; i < N; ++i) {
      const Matrix<Rational> input = data.inputs.col(i);
      CHECK(evaluate(updated, input) == data.outputs.col(i));
      CHECK(evaluate(data.model, input) != data.outputs.col(i));
      // Feeding the attention target through the original block gives the output.
      const Matrix<Rational> residual = data.inputs.col(i) + data.attention_targets.col(i);
      CHECK(feed_forward_block(*data.model.layers[0].ffn, residual) == data.outputs.col(i));
    }
  }
}

TEST_CASE("entries of M above 3/7 and shapes that do not fit are refused") {
  const Matrix<Rational> A = Matrix<Rational>::Identity(4, 4);
  CHECK_THROWS_AS((void)lora_data_set(A, Matrix<Rational>::Constant(2, 2, Rational(4, 7))), InputError);
  CHECK_THROWS_AS((void)lora_data_set(A, Matrix<Rational>::Zero(3, 3)), InputError);
  CHECK_THROWS_AS((void)lora_data_set(A, Matrix<Rational>::Zero(0, 0)), InputError);
}

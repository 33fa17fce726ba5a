#include <promptbound/constructions/lora_data_set.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/transformer/feed_forward_inverse.hpp>

namespace promptbound {

LoraDataSet lora_data_set(const Matrix<Rational>& A, const Matrix<Rational>& M) {
  const Index N = M.rows(), d = 2 * N;
  if (N < 1 || M.cols() != N || A.rows() != d || A.cols() != d) {
    throw InputError("LoRA data set: M must be N x N with N >= 1 and A 2N x 2N");
  }
  if (M.cwiseAbs().maxCoeff() > Rational(3, 7)) {
    throw InputError("LoRA data set: the entries of M must be at most 3/7 in size");
  }
  LoraDataSet data;
  FeedForward<Rational> block{Matrix<Rational>::Zero(N, d), Vector<Rational>(N), Matrix<Rational>::Zero(d, N),
                              Vector<Rational>::Zero(d)};
  block.W_1.leftCols(N) = M;
  block.W_2.bottomRows(N).setIdentity();
  data.u = Vector<Rational>::Ones(N);
  data.v = Vector<Rational>::Zero(d);
  for (Index k = 0; k < N; ++k) {
    block.b_1(k) = 5 - 10 * (k + 1);
    data.v(k) = 10 * (k + 1);
  }
  const AttentionHead<Rational> head = head_of_maps<Rational>(A, Matrix<Rational>::Identity(d, d));
  data.model = {d, {{{head}, block}}, Mask::bidirectional};
  data.updated = data.model;
  data.updated.layers[0].ffn->W_1 += multiply<Rational>(data.u, data.v.transpose());

  data.inputs = Matrix<Rational>::Zero(d, N);
  data.outputs.resize(d, N);
  data.attention_targets.resize(d, N);
  for (Index i = 0; i < N; ++i) {
    data.inputs(i, i) = Rational(1, 2);
    const Vector<Rational> input = data.inputs.col(i);
    const Vector<Rational> output = evaluate<Rational>(data.updated, input);
    data.outputs.col(i) = output;
    // W_1 W_2 = 0, so the preimage exists for every output.
    data.attention_targets.col(i) = *block_preimage(block, output) - input;
  }
  data.prompt_tokens = N;
  data.prompt_numbers = N * d;
  data.update_numbers = N + d;
  return data;
}

}  // namespace promptbound

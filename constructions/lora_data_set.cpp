#include <promptbound/constructions/lora_data_set.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

Transformer<Rational> LoraDataSet::updated() const {
  Transformer<Rational> result = model;
  Matrix<Rational>& W_1 = result.layers[0].ffn->W_1;
  for (Index k = 0; k < u.size(); ++k) W_1.row(k) += u(k) * v.transpose();
  return result;
}

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

  // Attention over the one token x_i = e_i/2 adds V x_i, whatever A: the blocks read e_i. There unit k (from
  // 0) of the updated block is M_ki + 10 (i - k) + 5, above 0 for k <= i and below 0 otherwise.
  data.inputs = Matrix<Rational>::Zero(d, N);
  data.outputs = Matrix<Rational>::Zero(d, N);
  for (Index i = 0; i < N; ++i) {
    data.inputs(i, i) = Rational(1, 2);
    data.outputs(i, i) = 1;
    for (Index k = 0; k <= i; ++k) data.outputs(N + k, i) = M(k, i) + 10 * (i - k) + 5;
  }
  // All units of the block before the update are below 0 at e_i, M_ki - 10 k - 5: it maps the outputs, whose
  // first half is e_i, to themselves.
  data.attention_targets = data.outputs - data.inputs;
  data.prompt_tokens = N;
  data.prompt_numbers = N * d;
  data.update_numbers = N + d;
  return data;
}

}  // namespace promptbound

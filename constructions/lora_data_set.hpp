/// Theory 5.5: data that need N prompt tokens, and that a rank-one update of W_1 fits with N + d numbers.
#pragma once

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// d = 2N, inputs x_i = e_i / 2 of one token each, V = I, hidden width N, W_1 = [M | 0] with entries of M at
/// most 3/7 in size, W_2 = [0; I], b_1 = 5 - 10k (k = 1..N), b_2 = 0; update u = (1, ..., 1), v = sum_k 10k
/// e_k. The block is an additive coupling, so outputs determine attention outputs exactly.
struct LoraDataSet {
  Transformer<Rational> model;  ///< before the update
  Vector<Rational> u, v;
  Matrix<Rational> inputs;             ///< d x N, an example a column (L = 1)
  Matrix<Rational> outputs;            ///< d x N, the targets of the layer
  Matrix<Rational> attention_targets;  ///< d x N, the attention outputs t_i that the targets ask of the model
  Index prompt_tokens;   ///< N: fewer fit no prompt (theory 2.4: rank [a t] - rank [a], a_i = V x_i)
  Index prompt_numbers;  ///< N d trainable numbers in such a prompt
  Index update_numbers;  ///< N + d in the update

  /// Returns the model with W_1 + u v^T: its outputs on the inputs are the targets.
  [[nodiscard]] Transformer<Rational> updated() const;
};

/// Makes the data set for N >= 1, the given score matrix A (d x d) and M (N x N, entries at most 3/7 in
/// size). Throws InputError when they do not fit.
[[nodiscard]] LoraDataSet lora_data_set(const Matrix<Rational>& A, const Matrix<Rational>& M);

}  // namespace promptbound

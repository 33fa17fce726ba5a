/// Softmax attention (theory section 0): one head, and the sum over heads that a block adds to its input.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/transformer/sequence.hpp>

namespace promptbound {

/// One head: A = W_K^T W_Q, V = W_O W_V, no 1/sqrt(d).
/// Shapes: W_Q and W_K s x d for one s >= 1, W_V v x d, W_O d x v; without W_O, v = d and W_O is the
/// identity.
template <class Scalar>
struct AttentionHead {
  Matrix<Scalar> W_Q, W_K, W_V;
  std::optional<Matrix<Scalar>> W_O;

  /// Returns A = W_K^T W_Q: the score of key z for query x is z^T A x.
  [[nodiscard]] Matrix<Scalar> score_matrix() const;
  /// Returns V = W_O W_V.
  [[nodiscard]] Matrix<Scalar> value_map() const;
};

/// Returns a head from its maps A and V themselves (W_Q = A, W_K = identity, W_V = V).
template <class Scalar>
[[nodiscard]] AttentionHead<Scalar> head_of_maps(const Matrix<Scalar>& A, const Matrix<Scalar>& V);

/// Which keys a query sees: all, or those at its own position and before.
enum class Mask { bidirectional, causal };

/// Returns the outputs att(x; Z) = V sum_j p_j z_j of one head at the positions first_query, first_query + 1,
/// ... of Z. Exact in rationals if the scores of each query are all equal, InputError otherwise.
template <class Scalar>
[[nodiscard]] Matrix<Scalar> attend(const AttentionHead<Scalar>& head, const Sequence<Scalar>& Z, Mask mask,
                                    Index first_query = 0);

/// Returns att(x; Z) for a query that need not be a token of Z, all tokens of Z visible.
template <class Scalar>
[[nodiscard]] Vector<Scalar> attend_from(const AttentionHead<Scalar>& head, const Vector<Scalar>& query,
                                         const Sequence<Scalar>& Z);

/// Returns the attention block at the positions from first_query on: z_i + sum_h att_h(z_i; Z).
template <class Scalar>
[[nodiscard]] Sequence<Scalar> attention_block(const std::vector<AttentionHead<Scalar>>& heads,
                                               const Sequence<Scalar>& Z, Mask mask, Index first_query = 0);

}  // namespace promptbound

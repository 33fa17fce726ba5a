/// What all attention is, once queries, keys and values are projected.
#pragma once

#include <promptbound/transformer/attention.hpp>

namespace promptbound {

/// Returns How many keys the query at a position sees: the first ones.
[[nodiscard]] inline Index visible_keys(Mask mask, Index position, Index keys) {
  return mask == Mask::causal ? position + 1 : keys;
}

/// Returns sum_j p_j v_j for every query, p = softmax_j(<key_j, query>), or of these scores times the scale
/// given, plus their biases where there are some (a row a key, a column a query). Columns are tokens; the
/// first query is at the position first_query of the keys. Exact in rationals if the scores of each query are
/// all equal, InputError otherwise.
template <class Scalar>
[[nodiscard]] Matrix<Scalar> attention_means(const Matrix<Scalar>& queries, const Matrix<Scalar>& keys,
                                             const Matrix<Scalar>& values, Mask mask, Index first_query = 0,
                                             const std::optional<Scalar>& scale = std::nullopt,
                                             const Matrix<double>* biases = nullptr);

}  // namespace promptbound

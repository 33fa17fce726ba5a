#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/attention.hpp>
#include <promptbound/transformer/softmax.hpp>

namespace promptbound {
namespace {

/// Do two columns hold the same representation? (Equal ends for intervals: the same enclosure then serves
/// both.)
template <class Scalar>
bool same_representation(const Scalar& a, const Scalar& b) {
  return a == b;
}
template <>
bool same_representation(const FastInterval& a, const FastInterval& b) {
  return a.lower() == b.lower() && a.upper() == b.upper();
}
template <>
bool same_representation(const Interval& a, const Interval& b) {
  return a.contains(b) && b.contains(a);
}

template <class Scalar>
bool same_column(const Matrix<Scalar>& columns, Index a, Index b) {
  for (Index row = 0; row < columns.rows(); ++row) {
    if (!same_representation(columns(row, a), columns(row, b))) return false;
  }
  return true;
}

/// W_V sum_j p_j z_j over the first `visible` keys, from the keys and values already projected.
template <class Scalar>
Vector<Scalar> weighted_value(const Matrix<Scalar>& keys, const Matrix<Scalar>& values,
                              const Matrix<Scalar>& query, Index visible) {
  Matrix<Scalar> scores = Matrix<Scalar>::Zero(visible, 1);
  for (Index k = 0; k < keys.rows(); ++k) {
    for (Index j = 0; j < visible; ++j) scores(j, 0) += keys(k, j) * query(k, 0);
  }
  const Matrix<Scalar> weights = softmax<Scalar>(scores.col(0));
  const Matrix<Scalar> visible_values = values.leftCols(visible);
  return multiply(visible_values, weights).col(0);
}

template <class Scalar>
Matrix<Scalar> with_output_map(const AttentionHead<Scalar>& head, Matrix<Scalar> values) {
  return head.W_O ? multiply(*head.W_O, values) : values;
}

}  // namespace

template <class Scalar>
Matrix<Scalar> AttentionHead<Scalar>::score_matrix() const {
  const Matrix<Scalar> transposed = W_K.transpose();
  return multiply(transposed, W_Q);
}

template <class Scalar>
Matrix<Scalar> AttentionHead<Scalar>::value_map() const {
  return with_output_map(*this, W_V);
}

template <class Scalar>
AttentionHead<Scalar> head_of_maps(const Matrix<Scalar>& A, const Matrix<Scalar>& V) {
  return {A, Matrix<Scalar>::Identity(A.rows(), A.rows()), V, std::nullopt};
}

template <class Scalar>
Matrix<Scalar> attend(const AttentionHead<Scalar>& head, const Sequence<Scalar>& Z, Mask mask,
                      Index first_query) {
  const Matrix<Scalar> keys = multiply(head.W_K, Z);
  const Matrix<Scalar> values = multiply(head.W_V, Z);
  const Sequence<Scalar> asking = Z.rightCols(Z.cols() - first_query);
  const Matrix<Scalar> queries = multiply(head.W_Q, asking);
  Matrix<Scalar> result(head.W_V.rows(), queries.cols());
  for (Index i = 0; i < queries.cols(); ++i) {
    const bool causal = mask == Mask::causal;
    // Where all keys are visible, equal queries get equal answers: W_Q of low rank makes that common.
    if (!causal && i > 0 && same_column(queries, i - 1, i)) {
      result.col(i) = result.col(i - 1);
      continue;
    }
    const Matrix<Scalar> query = queries.col(i);
    result.col(i) = weighted_value(keys, values, query, causal ? first_query + i + 1 : Z.cols());
  }
  return with_output_map(head, std::move(result));
}

template <class Scalar>
Vector<Scalar> attend_from(const AttentionHead<Scalar>& head, const Vector<Scalar>& query,
                           const Sequence<Scalar>& Z) {
  const Matrix<Scalar> asking = query;
  const Matrix<Scalar> value =
      weighted_value(multiply(head.W_K, Z), multiply(head.W_V, Z), multiply(head.W_Q, asking), Z.cols());
  return with_output_map(head, value).col(0);
}

template <class Scalar>
Sequence<Scalar> attention_block(const std::vector<AttentionHead<Scalar>>& heads, const Sequence<Scalar>& Z,
                                 Mask mask, Index first_query) {
  Sequence<Scalar> result = Z.rightCols(Z.cols() - first_query);
  for (const AttentionHead<Scalar>& head : heads) result += attend(head, Z, mask, first_query);
  return result;
}

#define PROMPTBOUND_INSTANTIATE(Scalar)                                                               \
  template struct AttentionHead<Scalar>;                                                              \
  template AttentionHead<Scalar> head_of_maps(const Matrix<Scalar>&, const Matrix<Scalar>&);          \
  template Matrix<Scalar> attend(const AttentionHead<Scalar>&, const Sequence<Scalar>&, Mask, Index); \
  template Vector<Scalar> attend_from(const AttentionHead<Scalar>&, const Vector<Scalar>&,            \
                                      const Sequence<Scalar>&);                                       \
  template Sequence<Scalar> attention_block(const std::vector<AttentionHead<Scalar>>&,                \
                                            const Sequence<Scalar>&, Mask, Index);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)

}  // namespace promptbound

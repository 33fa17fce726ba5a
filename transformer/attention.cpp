#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/attention_means.hpp>
#include <promptbound/transformer/layer_loop.hpp>

namespace promptbound {
namespace {

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
  const Sequence<Scalar> asking = Z.rightCols(Z.cols() - first_query);
  return with_output_map(head, attention_means(multiply(head.W_Q, asking), multiply(head.W_K, Z),
                                               multiply(head.W_V, Z), mask, first_query));
}

template <class Scalar>
Vector<Scalar> attend_from(const AttentionHead<Scalar>& head, const Vector<Scalar>& query,
                           const Sequence<Scalar>& Z) {
  const Matrix<Scalar> asking = query;
  return with_output_map(head, attention_means(multiply(head.W_Q, asking), multiply(head.W_K, Z),
                                               multiply(head.W_V, Z), Mask::bidirectional))
      .col(0);
}

template <class Scalar>
Sequence<Scalar> attention_block(const std::vector<AttentionHead<Scalar>>& heads, const Sequence<Scalar>& Z,
                                 Mask mask, Index first_query) {
  return with_heads(heads, Z, first_query,
                    [&](const AttentionHead<Scalar>& head, const Sequence<Scalar>& tokens, Index from) {
                      return attend(head, tokens, mask, from);
                    });
}

// NOLINTBEGIN(bugprone-macro-parentheses): Scalar is a type.
#define PROMPTBOUND_INSTANTIATE(Scalar)                                                               \
  template struct AttentionHead<Scalar>;                                                              \
  template AttentionHead<Scalar> head_of_maps(const Matrix<Scalar>&, const Matrix<Scalar>&);          \
  template Matrix<Scalar> attend(const AttentionHead<Scalar>&, const Sequence<Scalar>&, Mask, Index); \
  template Vector<Scalar> attend_from(const AttentionHead<Scalar>&, const Vector<Scalar>&,            \
                                      const Sequence<Scalar>&);                                       \
  template Sequence<Scalar> attention_block(const std::vector<AttentionHead<Scalar>>&,                \
                                            const Sequence<Scalar>&, Mask, Index);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace promptbound

#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/attention_means.hpp>
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

}  // namespace

template <class Scalar>
Matrix<Scalar> attention_means(const Matrix<Scalar>& queries, const Matrix<Scalar>& keys,
                               const Matrix<Scalar>& values, Mask mask, Index first_query,
                               const std::optional<Scalar>& scale, const Matrix<double>* biases) {
  Matrix<Scalar> result(values.rows(), queries.cols());
  for (Index i = 0; i < queries.cols(); ++i) {
    // Where all keys are visible and none is nearer than another, equal queries get equal answers: W_Q of low
    // rank makes that common.
    if (mask == Mask::bidirectional && biases == nullptr && i > 0 && same_column(queries, i - 1, i)) {
      result.col(i) = result.col(i - 1);
      continue;
    }
    const Index visible = visible_keys(mask, first_query + i, keys.cols());
    Vector<Scalar> scores = Vector<Scalar>::Zero(visible);
    for (Index k = 0; k < keys.rows(); ++k) {
      for (Index j = 0; j < visible; ++j) scores(j) += keys(k, j) * queries(k, i);
    }
    if (scale) {
      for (Scalar& score : scores) score *= *scale;
    }
    for (Index j = 0; biases != nullptr && j < visible; ++j) scores(j) += Scalar((*biases)(j, i));
    const Matrix<Scalar> weights = softmax(scores);
    const Matrix<Scalar> visible_values = values.leftCols(visible);
    result.col(i) = multiply(visible_values, weights).col(0);
  }
  return result;
}

#define PROMPTBOUND_INSTANTIATE(Scalar)                                                                     \
  template Matrix<Scalar> attention_means(const Matrix<Scalar>&, const Matrix<Scalar>&,                     \
                                          const Matrix<Scalar>&, Mask, Index, const std::optional<Scalar>&, \
                                          const Matrix<double>*);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound

/// Exact attention: softmax(scale Q K^T) V by streaming over the keys, memory O(n d), with certified rounding
/// errors.
#pragma once

#include <vector>

#include <promptbound/attention/check_arrays.hpp>

namespace promptbound {

/// Outputs of attention, and for each a certified bound on its distance from the exact result for the given
/// arrays.
template <class T>
struct Attended {
  std::vector<T> output;     ///< heads x n x d_v
  std::vector<float> error;  ///< of the same shape, rounded up
};

/// How rounding errors are bounded. `prior`: from the norms of queries and keys and the ranges of values, in
/// O((n + m) d) beside the O(n m d) of the result. `running`: from the sizes of all intermediate results,
/// close to the error itself, at three to four times the cost.
enum class Rounding { prior, running };

struct ExactOptions {
  Rounding rounding = Rounding::prior;
  int threads = 1;
};

/// Computes exact attention; T is float or double. Throws InputError as check_arrays does.
template <class T>
[[nodiscard]] Attended<T> exact_attention(const AttentionArrays<T>& arrays, const ExactOptions& options = {});
/// Does the same into `result`, whose memory is used again: for many calls of one shape.
template <class T>
void exact_attention(const AttentionArrays<T>& arrays, const ExactOptions& options, Attended<T>& result);
/// Does the same as the first with the sizes that check_arrays gave.
template <class T>
[[nodiscard]] Attended<T> exact_attention(const AttentionArrays<T>& arrays, const ExactOptions& options,
                                          const std::vector<ArraySizes>& sizes);

/// Returns the exact result for one query of one head, to the working precision: d_v entries. Scalar is
/// Interval (enclosures) or Real. The reference that the kernels are tested against.
template <class Scalar, class T>
[[nodiscard]] std::vector<Scalar> reference_attention(const AttentionArrays<T>& arrays, Index head,
                                                      Index query);

}  // namespace promptbound

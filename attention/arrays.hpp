/// The arrays of one attention call, as the kernels read them.
#pragma once

#include <promptbound/numeric/eigen.hpp>
#include <promptbound/transformer/attention.hpp>

namespace promptbound {

/// softmax(scale Q K^T) V for every head, with the prompt's keys and values before the input's. Row-major;
/// `heads` arrays of the given shape follow one another. The arrays belong to the caller.
template <class T>
struct AttentionArrays {
  Index heads = 1;
  Index n = 0;       ///< queries
  Index m = 0;       ///< keys of the input
  Index prompt = 0;  ///< keys of the prompt
  Index d = 0, d_v = 0;
  const T* q = nullptr;         ///< n x d
  const T* k = nullptr;         ///< m x d
  const T* v = nullptr;         ///< m x d_v
  const T* prompt_k = nullptr;  ///< prompt x d
  const T* prompt_v = nullptr;  ///< prompt x d_v
  double scale = 1;             ///< > 0
  /// Causal: the queries are the last n of the input's m positions; each sees the prompt, and the input up to
  /// its own position.
  Mask mask = Mask::bidirectional;

  [[nodiscard]] Index keys() const { return prompt + m; }
  /// Counts the keys that query i sees; they are the first ones of [prompt, input].
  [[nodiscard]] Index visible(Index i) const {
    return mask == Mask::causal ? prompt + m - n + i + 1 : keys();
  }
  /// Returns key and value number j of [prompt, input].
  [[nodiscard]] const T* key(Index head, Index j) const {
    return j < prompt ? prompt_k + (head * prompt + j) * d : k + (head * m + j - prompt) * d;
  }
  [[nodiscard]] const T* value(Index head, Index j) const {
    return j < prompt ? prompt_v + (head * prompt + j) * d_v : v + (head * m + j - prompt) * d_v;
  }
  [[nodiscard]] const T* query(Index head, Index i) const { return q + (head * n + i) * d; }
};

}  // namespace promptbound

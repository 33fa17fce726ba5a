/// The model of theory section 0: layers of an attention block and a feed-forward block, both residual.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <promptbound/transformer/attention.hpp>

namespace promptbound {

/// The block Z -> Z + W_2 relu(W_1 Z + b_1) + b_2, token by token.
/// Shapes for width d and hidden width h: W_1 h x d, b_1 h, W_2 d x h, b_2 d.
template <class Scalar>
struct FeedForward {
  Matrix<Scalar> W_1;
  Vector<Scalar> b_1;
  Matrix<Scalar> W_2;
  Vector<Scalar> b_2;
};

template <class Scalar>
[[nodiscard]] Sequence<Scalar> feed_forward_block(const FeedForward<Scalar>& block,
                                                  const Sequence<Scalar>& Z);

/// An attention block, absent when there are no heads, and then a feed-forward block, which may be absent.
template <class Scalar>
struct Layer {
  std::vector<AttentionHead<Scalar>> heads;
  std::optional<FeedForward<Scalar>> ffn;
};

template <class Scalar>
struct Transformer {
  Index width = 0;  ///< d, the number of rows of every sequence
  std::vector<Layer<Scalar>> layers;
  Mask mask = Mask::bidirectional;

  /// Throws InputError naming the first matrix whose shape does not fit, and the shape that would.
  void check_shapes() const;
};

/// Returns the output at every position of Z. Throws InputError if Z has another width or no tokens.
template <class Scalar>
[[nodiscard]] Sequence<Scalar> evaluate(const Transformer<Scalar>& model, const Sequence<Scalar>& Z);

/// Returns the output of [P, X] at the positions of X: what prompt tuning reads. Prompt positions are not
/// computed beyond the last attention block, where nothing reads them.
template <class Scalar>
[[nodiscard]] Sequence<Scalar> evaluate(const Transformer<Scalar>& model, const Sequence<Scalar>& prompt,
                                        const Sequence<Scalar>& input);

/// Returns the same model with the weights of an exact one, rounded to or enclosed in the scalar.
template <class Scalar>
[[nodiscard]] Transformer<Scalar> from_rational(const Transformer<Rational>& model);

}  // namespace promptbound

/// The loop over the layers of theory section 0 and its feed-forward block, for whatever weights and tokens:
/// matrices over a scalar, or sparse matrices and linear forms over boxes. Weights are what `multiply(W, Z)`
/// is defined for.
#pragma once

#include <vector>

#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/affine.hpp>

namespace promptbound {

/// Adds W_2 hidden + b_2 to every token.
template <class Block, class Scalar>
void add_outputs(const Block& block, const Matrix<Scalar>& hidden, Sequence<Scalar>& Z) {
  Z += multiply(block.W_2, hidden);
  for (Index token = 0; token < Z.cols(); ++token) {
    for (Index row = 0; row < Z.rows(); ++row) Z(row, token) += Scalar(block.b_2(row));
  }
}

/// Returns Z + W_2 relu(W_1 Z + b_1) + b_2, token by token.
template <class Block, class Scalar>
[[nodiscard]] Sequence<Scalar> rectified_block(const Block& block, Sequence<Scalar> Z) {
  Matrix<Scalar> hidden = multiply(block.W_1, Z);
  for (Index token = 0; token < Z.cols(); ++token) {
    for (Index row = 0; row < hidden.rows(); ++row) {
      hidden(row, token) = relu(Scalar(hidden(row, token) + block.b_1(row)));
    }
  }
  add_outputs(block, hidden, Z);
  return Z;
}

/// Returns the number of layers up to the last one with heads: behind it no token reads another.
template <class Layer>
[[nodiscard]] std::size_t attending_layers(const std::vector<Layer>& layers) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (!layers[l].heads.empty()) count = l + 1;
  }
  return count;
}

/// Returns Z + sum_h attend(head, Z, from) at the positions from `from` on.
template <class Heads, class Scalar, class Attend>
[[nodiscard]] Sequence<Scalar> with_heads(const Heads& heads, const Sequence<Scalar>& Z, Index from,
                                          Attend&& attend) {
  Sequence<Scalar> result = Z.rightCols(Z.cols() - from);
  for (const auto& head : heads) result += attend(head, Z, from);
  return result;
}

/// Returns the output at the positions from `first` on, attend(head, Z, from) being what a head adds at the
/// positions from `from` on. What nothing reads is not computed.
template <class Layer, class Scalar, class Attend>
[[nodiscard]] Sequence<Scalar> through_layers(const std::vector<Layer>& layers, Sequence<Scalar> Z,
                                              Index first, Attend&& attend) {
  const std::size_t attending = attending_layers(layers);
  if (attending == 0) Z = Sequence<Scalar>(Z.rightCols(Z.cols() - first));
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (!layers[l].heads.empty()) Z = with_heads(layers[l].heads, Z, l + 1 == attending ? first : 0, attend);
    if (layers[l].ffn) Z = rectified_block(*layers[l].ffn, std::move(Z));
  }
  return Z;
}

}  // namespace promptbound

/// Affine maps with exact binary64 weights, applied to tokens of every scalar.
#pragma once

#include <promptbound/transformer/sequence.hpp>

namespace promptbound {

/// x -> W x + b; W out x in. All entries are exact numbers.
struct Affine {
  Matrix<double> W;
  Vector<double> b;  ///< 0 where the map has none
};

/// Returns W X: intervals by fixed_point_product, other scalars summed in the order of the columns of W;
/// binary64 tokens take the product of numeric/eigen.
template <class Scalar>
requires(!std::is_same_v<Scalar, double>)
    [[nodiscard]] Matrix<Scalar> multiply(const Matrix<double>& W, const Matrix<Scalar>& X);

/// Adds b to every token.
template <class Scalar>
void add_to_each(Sequence<Scalar>& X, const Vector<double>& b);

/// Returns W x + b for every token.
template <class Scalar>
[[nodiscard]] Sequence<Scalar> apply(const Affine& map, const Sequence<Scalar>& X) {
  Sequence<Scalar> result = multiply(map.W, X);
  add_to_each(result, map.b);
  return result;
}

}  // namespace promptbound

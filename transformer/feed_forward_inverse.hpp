/// Is a feed-forward block injective, and what is the exact preimage of a point?
#pragma once

#include <string>

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// Returns the maximal row sum of |M|, the norm induced by the max norm; 0 for a matrix without rows.
[[nodiscard]] Rational row_sum_norm(const Matrix<Rational>& M);

/// What is known of the map F(x) = x + W_2 relu(W_1 x + b_1) + b_2.
struct BlockInjectivity {
  bool injective = false;  ///< certified; false means "not certified", not "not injective"
  /// A kappa > 0 with ||F(x) - F(y)||_inf >= kappa ||x - y||_inf for all x, y; 0 where none is known.
  Rational expansion = 0;
  std::string reason;
};

/// Tries exact sufficient conditions in this order (G = ||W_1||_inf ||W_2||_inf, maximal row sums):
///   W_1 W_2 = 0 (additive coupling, inverse y - b_2 - W_2 relu(W_1 (y - b_2) + b_1)): kappa = 1/(1 + G);
///   G < 1 (theory 3.2 in the max norm): kappa = 1 - G;
///   det(I + D W_1 W_2) > 0 for every diagonal D with entries 0 and 1, hidden width at most 12: F(x) - F(y) =
///   (I + W_2 D W_1)(x - y) for some diagonal D with entries in [0,1], and the determinant is affine in each
///   entry of D, so positive on the whole cube.
[[nodiscard]] BlockInjectivity block_injectivity(const FeedForward<Rational>& block);

/// Returns some x with F(x) = y, exactly; nothing when none was found. Unique when the block is injective.
[[nodiscard]] std::optional<Vector<Rational>> block_preimage(const FeedForward<Rational>& block,
                                                             const Vector<Rational>& y);

}  // namespace promptbound

/// Theory 5.6, the selective-shift transformer (WCWH23, YBRRK20), with positional offsets so that T blocks
/// suffice.
#pragma once

#include <promptbound/constructions/code_book.hpp>
#include <promptbound/constructions/staircase.hpp>

namespace promptbound {

/// Width d + 1, last coordinate 1. W = k^d, c = T W, c_g = c^{T+1}.
///   FFN 1: l_j = j W + sum_i (digit_i - 1) k^i in coordinate 0.
///   Block j = 0..T-1: two rank-one heads with scores beta z_0 (x_0 - b x_d), V = +c for b = j W - 1/2 and V
///   = -c for b = (j+1) W - 1/2. Token j holds the least l, every other token lies above both windows and
///   feels equal and opposite heads: l_j <- l_j + c (max - l_j), the new maximum. Global block: score beta
///   z_0 x_d, V = c_g: l_j <- l_j + c_g max. These integers are injective codes of (sequence of digits,
///   position).
/// The statement is for hard attention; softmax with beta() keeps every code within 1/4.
class SelectiveShift {
 public:
  /// Takes T >= 2 tokens, k >= 1 cells per coordinate, eta as for the staircase. Throws InputError for values
  /// out of range and for more than 2^20 codes.
  explicit SelectiveShift(const Grid& grid);

  [[nodiscard]] const Grid& grid() const { return grid_; }
  /// Returns T windowed blocks, and the k^d windows that the original visits.
  [[nodiscard]] long blocks() const { return grid_.tokens; }
  [[nodiscard]] Integer original_blocks() const;

  /// Returns the code of a position under hard attention; digits as in Code, 1..k, token by token.
  [[nodiscard]] Integer code(const Code& code) const;
  /// Returns a multiple of 1/64 that is at least 4 ln(4 (T-1) (1 + c_g) ((3c)^T + 1)).
  [[nodiscard]] const Rational& beta() const { return beta_; }

  /// Returns tokens with contents in [0,1]^d at positions 0, 1, ..., and the constant coordinate 1.
  [[nodiscard]] Matrix<Rational> input(const Matrix<Rational>& X) const;

  /// Returns FFN 1, the T + 1 attention blocks with softmax: coordinate 0 becomes the code.
  [[nodiscard]] Transformer<Rational> encoder() const;
  /// The encoder followed by a feed-forward block that gives coordinates 0..d-1 the wanted values at the
  /// codes of positions >= first: constant within 1/4 of a code, linear between. Hidden width at most 2 (T -
  /// first) k^{dT}.
  using Values = std::function<Vector<Rational>(const Code&)>;
  [[nodiscard]] Transformer<Rational> transformer(const Values& wanted, long first) const;

 private:
  [[nodiscard]] AttentionHead<Rational> shift_head(const Rational& window, const Rational& factor) const;

  Grid grid_;
  Integer W_, c_, c_g_;
  Rational beta_;
};

}  // namespace promptbound

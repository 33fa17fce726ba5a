/// Theory 5.1, second form: softmax attention with weights of rank one (KS24) or of any rank (HWGLSL25) in
/// place of the exact mean.
#pragma once

#include <promptbound/constructions/universal_transformer.hpp>

namespace promptbound {

/// FFN 1 makes token j the integer u_j = W + j k^d + sum_c (digit_c - 1) k^c in coordinate 0, W = T k^d.
/// Attention adds gamma times the softmax mean: z_i = u_i + gamma sum_j p_j u_j, p_j proportional to exp(beta
/// u_i u_j), with beta W >= 2 ln T + 3 and gamma = 1/(4W). Tokens of one sequence are distinct, so by the key
/// lemma of KS24 (theory 3.3) two z_i agree only if the token and the whole sequence do: an injective code,
/// whose separation is enclosed by computing every code in multiple precision. FFN 2 is constant on a window
/// around each code and linear between: width 2 L k^{dT} - 1.
class SoftmaxUniversal {
 public:
  /// Takes the rank of W_Q, W_K and W_V, 1 .. d. d, L, k, eta as in 5.1; throws InputError for more than 2^16
  /// codes.
  SoftmaxUniversal(Index d, Index L, long k, const Rational& eta, Index rank);

  /// Returns all weights; knots and slopes are exact dyadic numbers.
  [[nodiscard]] Transformer<Rational> transformer() const;
  [[nodiscard]] Matrix<Rational> prompt(const QuantizedFunction& f) const { return exact_.prompt(f); }
  [[nodiscard]] Matrix<Rational> input(const Matrix<Rational>& X) const { return exact_.input(X); }

  /// Returns the least distance of two context codes.
  [[nodiscard]] const Interval& separation() const { return separation_; }
  /// Returns the bits of working precision with which the codes were told apart; evaluation needs about twice
  /// as many.
  [[nodiscard]] long bits() const { return bits_; }
  [[nodiscard]] Record claim() const;

 private:
  struct Window {
    Rational lower, upper;
    Vector<Rational> value;
  };
  [[nodiscard]] Rational level(Index c, long j, long digit) const;
  void find_windows();
  [[nodiscard]] bool separate_codes();
  [[nodiscard]] FeedForward<Rational> window_block() const;

  UniversalTransformer exact_;  // the same table, prompt and positions
  Index rank_;
  Rational W_, beta_, gamma_;
  std::vector<Window> windows_;  // in rising order
  Interval separation_;
  long bits_ = 0;
};

}  // namespace promptbound

/// The map of a feed-forward block, its norm included, around a sequence of tokens (theory 3.4).
///
/// hidden_i = a(h_i), h = W_1 u + b_1, or with a gate a(g_i) h_i, g = W_g u + b_g; u is what the norm puts
/// out, its gain belonging to W_1 and W_g here. On a ball h_i and g_i stay in ranges of their own, so that
/// the factors of
///   dF = W_2 (diag(a'(h)) W_1) du,   dF = W_2 (diag(a'(g) h) W_g + diag(a(g)) W_1) du
/// change by at most c_i, and for any such changes
///   ||W_2 diag(c) W|| <= min(max_i c_i ||W_2|| ||W||, sqrt(sum_i c_i ||column i of W_2||^2 sum_i c_i ||row i
///   of W||^2)).
#pragma once

#include <promptbound/transformer/trained_layer.hpp>
#include <promptbound/verify/audit/norm_on_ball.hpp>

namespace promptbound {

class CentredFeedForward : public CentredMap {
 public:
  /// Takes the tokens Z that enter, with the block's norm where that stands before it. The weights must
  /// outlive this object's calls of derivative() only.
  CentredFeedForward(const TrainedFeedForward& ffn, const NormWeights* norm, const Sequence<FastInterval>& Z,
                     const PromptJacobian* jacobian);
  [[nodiscard]] BallMatrix derivative(Index token) const override;
  [[nodiscard]] MapOnBall on_ball(const OnBall& ball, const UpperBounds& x) const override;

 private:
  /// W_1 or W_g, with its values and with what is linear in the prompt's change.
  struct Branch {
    Matrix<FastInterval> values;   ///< hidden width x T
    UpperBound norm;               ///< of W diag(gain)
    std::vector<UpperBound> rows;  ///< of W diag(gain)
    Matrix<double> normed_rows;    ///< of W N: hidden width x T, upper bounds
    UpperBounds moved;             ///< how far a unit at the centre moves at most: hidden width x T
  };
  [[nodiscard]] Branch branch(const Matrix<double>& W, const Vector<double>& b,
                              const Sequence<FastInterval>& U, const PromptJacobian* jacobian) const;
  /// Returns how far the units of a token are from their values at the centre.
  [[nodiscard]] std::vector<UpperBound> ranges(const Branch& branch, Index token, const OnBall& ball) const;
  [[nodiscard]] UpperBound weighted(const std::vector<UpperBound>& weights, const Branch& branch) const;

  const TrainedFeedForward* ffn_;
  Activation activation_;
  NormOnBall norm_;
  UpperBound lipschitz_, down_norm_;
  std::vector<UpperBound> down_columns_;
  Branch up_;
  std::optional<Branch> gate_;
  std::vector<UpperBound>
      centre_;  ///< ||DF|| at the centre without the norm's derivative; empty without a Jacobian
};

}  // namespace promptbound

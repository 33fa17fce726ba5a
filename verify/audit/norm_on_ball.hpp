/// LayerNorm and RMSNorm around a sequence of tokens: first and second derivatives (theory 3.4).
///
/// Without gain and bias, with y the token (LayerNorm: minus its mean) and s = sqrt(||y||^2/d + eps), h =
/// y/s,
///   Dh = (I - y y^T/(d s^2))/s: symmetric, with eigenvalues in [0, 1/s];
///   ||D^2 h|| <= (2/sqrt 3)/(sqrt(d) s^2): for |v| = 1, t = ||y||/(sqrt(d) s) < 1, y = ||y|| e, a = <v, e>,
///     sqrt(d) s^2 D^2 h[v, v] = -t (2 a v + e) + 3 t^3 a^2 e has the squared length t^2 (1 + (2 k + 4) q +
///     (k^2 - 4) q^2), q = a^2, k = 2 - 3 t^2: at most 4/3, for k <= 1 at q = 1/(2 - k), else at q = 1.
#pragma once

#include <optional>

#include <promptbound/transformer/norm.hpp>
#include <promptbound/verify/audit/prompt_jacobian.hpp>

namespace promptbound {

class NormOnBall {
 public:
  /// Takes the tokens at the centre that enter the norm, or, where a block has none, the identity.
  NormOnBall(const NormWeights& norm, const Sequence<FastInterval>& Z);
  explicit NormOnBall(const Sequence<FastInterval>& Z);

  /// Returns the derivative of a token at the centre, with the gain.
  [[nodiscard]] BallMatrix derivative(Index token) const;
  /// Returns the norm of the derivative without the gain, for tokens this far from the centre at most.
  [[nodiscard]] UpperBound slope(Index token, const UpperBound& deviation) const;
  /// Returns how far that derivative is from its value at the centre.
  [[nodiscard]] UpperBound change(Index token, const UpperBound& deviation) const;
  /// Returns how far the token without the gain is from its value at the centre.
  [[nodiscard]] UpperBound moved(Index token, const UpperBound& deviation) const;
  /// Returns the gains, ones for the identity, and the largest in absolute value.
  [[nodiscard]] const Vector<double>& gain() const { return gain_; }
  [[nodiscard]] UpperBound largest_gain() const { return UpperBound(gain_.cwiseAbs().maxCoeff()); }
  /// Returns the norm of W diag(gain).
  [[nodiscard]] UpperBound norm_behind(const Matrix<double>& W) const;
  [[nodiscard]] UpperBound norm_behind(const BallMatrix& W) const;

 private:
  /// Returns a lower bound of s.
  [[nodiscard]] double root_below(Index token, const UpperBound& deviation) const;

  std::optional<NormKind> kind_;
  FastInterval epsilon_;
  Vector<double> gain_;
  Matrix<FastInterval> y_;
  std::vector<FastInterval> length_;
};

/// A norm as a map of its own.
class CentredNorm : public CentredMap {
 public:
  CentredNorm(const NormWeights& norm, const Sequence<FastInterval>& Z) : norm_(norm, Z) {}
  [[nodiscard]] BallMatrix derivative(Index token) const override { return norm_.derivative(token); }
  [[nodiscard]] MapOnBall on_ball(const OnBall& ball, const UpperBounds& x) const override;

 private:
  NormOnBall norm_;
};

}  // namespace promptbound

/// A certified pass of one sequence that carries rounding and nearby prompts to the margins by derivatives
/// (theory 3.5): sharper than balls, whose radii are multiplied by norms in every layer, where the
/// derivatives fit.
#pragma once

#include <vector>

#include <promptbound/verify/recall/ball_pass.hpp>
#include <promptbound/verify/recall/logits.hpp>

namespace promptbound {

/// Numbers of one token, y = mid + sum_b slope_b s_b + (a vector shorter than `error`), for unknown vectors
/// s_b of the unit ball, d entries each.
///
/// The unknowns are the same for all tokens and all numbers: one a stage and token, where a stage is what
/// enters, or what a norm or a block of a layer puts out. They stand for the prompts of a ball, and for what
/// rounding and terms of second order put on a token there. Token t depends on those of the tokens up to t.
struct LinearForms {
  Vector<double> mid;
  Matrix<double> slope;
  Vector<double> spread;  ///< at least |sum_b slope_b s_b|, entry by entry
  double error = 0;

  /// Returns at least the absolute values of all but the error.
  [[nodiscard]] Vector<double> size() const { return mid.cwiseAbs() + spread; }
};

/// The unit roundoff of the pass itself.
inline constexpr double first_order_unit = 0x1p-53;
/// Returns a number near the middle of an interval.
[[nodiscard]] inline double middle_of(const FastInterval& x) { return (x.lower() + x.upper()) / 2; }

[[nodiscard]] inline double width_of(const FastInterval& x) { return x.upper() - x.lower(); }

/// Tells whether the pass is taken for these sizes: at most 2^26 numbers.
[[nodiscard]] bool fits_first_order(std::size_t width, std::size_t tokens, std::size_t layers);

class FirstOrderPass {
 public:
  /// Begins with what enters the first layer. Of a case with a radius, each of a prompt's tokens is anywhere
  /// within it.
  FirstOrderPass(const InputWeights& input, const BallSequence& sequence, const BallCase& one, int threads);
  /// Takes the next layer, of which balls model everything (beyond_balls).
  void add(const TrainedLayer& layer);
  /// Returns the margins at these columns behind the last norm: each token's logit minus the largest other
  /// one, in every evaluation of the case. The whole line where nothing is known.
  [[nodiscard]] std::vector<FastInterval> margins(const NormWeights& last, const Unembedding& table,
                                                  const std::vector<Asked>& asked) const;

 private:
  /// x -> W x + b.
  struct Map {
    Matrix<double> W, absolute;
    Vector<double> b;
    double norm, frobenius;  ///< at least those of W

    Map(const Matrix<double>& W, const Vector<double>& b);
  };
  [[nodiscard]] double rounding(Index n) const;
  [[nodiscard]] Vector<double> spread_of(const Matrix<double>& slope) const;
  [[nodiscard]] double length_of(const Matrix<double>& slope) const;
  void finish(LinearForms& forms) const;
  [[nodiscard]] LinearForms normed(const NormWeights& norm, const LinearForms& x) const;
  [[nodiscard]] LinearForms mapped(const Map& map, const LinearForms& x) const;
  void turn(const Rotations<Interval>& turns, Index position, LinearForms& x) const;
  [[nodiscard]] bool attend(const LinearForms& query, const std::vector<const LinearForms*>& keys,
                            const std::vector<const LinearForms*>& values, double scale, Index first,
                            LinearForms& means) const;
  [[nodiscard]] LinearForms activated(Activation activation, const LinearForms& x) const;
  [[nodiscard]] LinearForms multiplied(const LinearForms& a, const LinearForms& b) const;
  void add_residual(const LinearForms& added, LinearForms& z) const;
  void add_stage(Index token, Index stages, LinearForms& z) const;
  void add_attention(const TrainedLayer& layer);
  void add_feed_forward(const TrainedLayer& layer);

  BallCase case_;
  int threads_;
  Index width_, stages_ = 1, known_;  ///< tokens from known_ on are lost: nothing is known of them
  std::vector<LinearForms> tokens_;
};

}  // namespace promptbound

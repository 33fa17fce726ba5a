/// A certified pass of whole sequences through a causal model: a midpoint of twice binary64's digits for each
/// token, and Euclidean balls around it, carried by local Lipschitz constants (theory 3.5).
///
/// This says attention and the layer again, for speed: entry-by-entry enclosures, which the generic layer
/// would carry, grow by the largest row sums of the weights in every layer, and balls of a token as a whole
/// by their spectral norms, so that intervals in binary64 are lost after three layers where balls decide
/// after twelve.
#pragma once

#include <vector>

#include <promptbound/verify/recall/ball_layer.hpp>

namespace promptbound {

/// How an evaluation rounds. Each sum, difference, product, quotient and square root has a relative error of
/// at most `unit`, sums of products in any order, fused or not; exp, tanh, erf, sin, cos and powers one of at
/// most `function`; what underflows is off by at most `tiny`.
struct Rounding {
  double unit = twofold_unit, function = 0x1p-98, tiny = 0x1p-900;
  /// May softmax keep a running maximum, and scale its sums anew whenever it grows?
  bool has_running_maximum = false;

  /// Returns the relative error of a query or key that is turned to its position: the position times its
  /// frequency has one, which grows with it.
  [[nodiscard]] double of_turn(double position) const {
    return 16 * unit + 4 * function + position * (64 * unit + 8 * function);
  }
  /// Returns twice the relative error of a weight among `count` with scores this far apart: the difference
  /// from the maximum, exp, the sum, the quotient, and the factors of a running maximum.
  [[nodiscard]] double of_weight(double count, double range) const {
    return 2 * (4 * function + (count + 16) * unit + 2 * range * unit +
                (has_running_maximum ? count * (function + 4 * unit) + range * unit : 0));
  }
  /// Returns the error of an activation at x, |activation(x)| <= |x|, relative to x.
  [[nodiscard]] double of_activation() const { return 24 * unit + 4 * function; }

  /// Returns The real numbers: what remains is the rounding of the midpoints.
  [[nodiscard]] static Rounding reals() { return {}; }
  /// Returns Every evaluation in binary32, functions within 4 units in the last place, subnormal numbers kept
  /// or flushed to 0.
  [[nodiscard]] static Rounding binary32() { return {0x1.00001p-24, 0x1.00001p-21, 0x1p-120, true}; }
};

/// A set of evaluations for which balls are carried: of all prompts whose tokens are within `radius` of the
/// prompt's, rounded so.
struct BallCase {
  Rounding rounding;
  double radius = 0;
};

/// A sequence: tokens as columns, the first `prompt` of which are the prompt's.
struct BallSequence {
  Matrix<double> tokens;
  Index prompt = 0;
};

/// Tokens that a norm has left: its output is mid + gain * (a vector shorter than `core`) + (one shorter than
/// `post`), for each case and token.
struct NormedBalls {
  TwofoldMatrix mid;
  Matrix<double> core, post;
  Vector<double> size;  ///< at least the norm of each token of mid
};

class BallPass {
 public:
  /// Begins with what enters the first layer; all sequences are carried at once, and all cases.
  BallPass(const InputWeights& input, const std::vector<BallSequence>& sequences, std::vector<BallCase> cases,
           int threads);
  void add(const BallLayer& layer);
  /// Returns the tokens behind the last norm, those of all sequences side by side.
  [[nodiscard]] NormedBalls normed(const BallNorm& norm) const;

  /// Returns the column of a sequence's first token, and of the one behind its last.
  [[nodiscard]] Index begin(std::size_t sequence) const { return begins_[sequence]; }
  [[nodiscard]] Index end(std::size_t sequence) const { return begins_[sequence + 1]; }
  [[nodiscard]] const std::vector<BallCase>& cases() const { return cases_; }

 private:
  std::vector<BallCase> cases_;
  std::vector<Index> begins_;
  TwofoldMatrix mid_;
  Matrix<double> radius_;  ///< one row a case
  int threads_;
};

/// Returns at least gamma_n = n u/(1 - n u), the relative error of a sum of n products; infinite where n u >=
/// 1/2.
[[nodiscard]] double gamma_above(double n, double unit);

}  // namespace promptbound

/// Which input has a given output? (theory 3.2)
#pragma once

#include <promptbound/verify/structure/lipschitz_constants.hpp>

namespace promptbound {

/// An enclosure of the only input that can have an output.
struct Preimage {
  Matrix<Interval> X;
  /// It was also proved that for every point of Y there is such an input.
  bool exists = false;
  /// Every fixed-point iteration came to rest within its number of steps, so that more precision gives a
  /// tighter enclosure.
  bool converged = false;
};

/// Encloses, at the working precision, the X with tokens in the ball and T([P,X])_X in Y. Each block is
/// inverted by its fixed-point iteration; any Z in the ball is then as far from the inverse as
/// ||Y - Z - map(Z)||/(1-c) (feed-forward: 1-g), which is what is certified. Entries are cut to the ball's.
///
/// `layers` are the constants of this model; c < 1 and g < 1 everywhere. A prompt needs the causal mask,
/// where its states are known; otherwise it must be empty and Y holds the output at every position. Throws
/// InputError when the shapes or these conditions do not hold.
[[nodiscard]] Preimage enclose_preimage(const Transformer<Rational>& model,
                                        const std::vector<LayerConstants>& layers,
                                        const Matrix<Rational>& prompt, const Matrix<Interval>& Y);

/// Does the same for exact outputs, at rising precision until each entry is known within 10^-digits. Throws
/// Undecided at the limit of the precision; an iteration that is too slow leaves a wider enclosure.
[[nodiscard]] Preimage enclose_preimage(const Transformer<Rational>& model,
                                        const std::vector<LayerConstants>& layers,
                                        const Matrix<Rational>& prompt, const Matrix<Rational>& Y,
                                        long digits);

}  // namespace promptbound

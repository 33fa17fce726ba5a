/// Is the map from the input to the output injective, whatever the prompt, and what is the inverse?
/// (theory 3.2)
#pragma once

#include <optional>
#include <string>

#include <promptbound/verify/structure/lipschitz_constants.hpp>

namespace promptbound {

struct Injectivity {
  /// X -> T([P,X])_X is injective for every prompt P, for tokens of P and X in the ball. False means
  /// "unknown".
  bool proved = false;
  std::string why;
  /// Inputs at max-token Euclidean distance D have outputs at least D times this apart; 0 when unknown.
  Rational separation = 0;
  /// After each layer: a bound on the prompt states' change in units of the input states' change.
  std::vector<Rational> ratios;
};

/// Causal mask: proved when c < 1 and g < 1 in every layer; the prompt does not see the input, all ratios are
/// 0. Bidirectional: proved when the recursion on the ratio rho, from 0, never fails: attention
/// rho <- (rho + c max(rho,1))/(1 - c max(rho,1)), feed-forward rho <- rho (1+g)/(1-g).
[[nodiscard]] Injectivity injectivity(const std::vector<LayerConstants>& layers, Mask mask);

/// An enclosure of the only input that can have an output.
struct Preimage {
  Matrix<Interval> X;
  /// It was also proved that for every point of Y there is such an input.
  bool exists = false;
};

/// Encloses, at the working precision, the X with tokens in the ball and T([P,X])_X in Y. Each block is
/// inverted by its fixed-point iteration; any Z in the ball is then as far from the inverse as
/// ||Y - Z - map(Z)||/(1-c) (feed-forward: 1-g), which is what is certified.
///
/// `layers` are the constants of this model; c < 1 and g < 1 everywhere. A prompt needs the causal mask,
/// where its states are known; otherwise it must be empty and Y holds the output at every position. Throws
/// InputError when the shapes or these conditions do not hold.
[[nodiscard]] Preimage enclose_preimage(const Transformer<Rational>& model,
                                        const std::vector<LayerConstants>& layers,
                                        const Matrix<Rational>& prompt, const Matrix<Interval>& Y);

}  // namespace promptbound

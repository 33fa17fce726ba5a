/// Is the map from the input to the output injective, whatever the prompt? (theory 3.2)
#pragma once

#include <vector>

#include <promptbound/records/answer.hpp>
#include <promptbound/verify/structure/lipschitz_constants.hpp>

namespace promptbound {

/// Proved, that X -> T([P,X])_X is injective for every prompt P, for tokens of P and X in the ball; or
/// unknown.
struct Injectivity : Answer {
  /// Inputs at max-token Euclidean distance D have outputs at least D times this apart; 0 when unknown.
  Rational separation = 0;
  /// After each layer: a bound on the prompt states' change in units of the input states' change.
  std::vector<Rational> ratios;
};

/// Decides injectivity. Causal mask: proved when c < 1 and g < 1 in every layer; the prompt does not see the
/// input, all ratios are 0. Bidirectional: proved when the recursion on the ratio rho, from 0, never fails:
/// attention rho <- (rho + c max(rho,1))/(1 - c max(rho,1)), feed-forward rho <- rho (1+g)/(1-g).
[[nodiscard]] Injectivity injectivity(const std::vector<LayerConstants>& layers, Mask mask);

}  // namespace promptbound

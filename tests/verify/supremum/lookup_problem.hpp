/// The lookup transformer of theory 5.2 as a problem to verify.
#pragma once

#include <promptbound/constructions/lookup/lookup_transformer.hpp>
#include <promptbound/verify/supremum/box_error.hpp>

namespace promptbound {

/// Made for C = 1 and this eps.
inline ApproximationProblem lookup_problem(const Target& f, const Rational& eps,
                                           const Number& alpha = Number::infinity()) {
  const LookupTransformer lookup(LookupRecipe::choose(f.d, f.L, 1, alpha, eps));
  return {lookup.blocks().transformer(), lookup.prompt(f),
          lookup.blocks().input(Matrix<Rational>::Zero(f.d, f.L)), f, alpha};
}

}  // namespace promptbound

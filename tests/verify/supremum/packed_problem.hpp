/// The packed lookup transformer of theory 5.9 as a problem to verify.
#pragma once

#include <promptbound/constructions/lookup/packed_lookup.hpp>
#include <promptbound/verify/supremum/box_error.hpp>

namespace promptbound {

struct PackedSizes {
  Index d, L;
  const char* eps;
  unsigned long b;
  Index P;
};

inline PackedRecipe packed_recipe(const PackedSizes& s, const Number& alpha = Number::infinity()) {
  return PackedRecipe::choose(s.d, s.L, 1, alpha, parse_number(s.eps)->value, s.b, s.P);
}

inline ApproximationProblem packed_problem(const PackedLookup& network, const Target& f,
                                           const Number& alpha = Number::infinity()) {
  return {network.transformer(), network.prompt(network.stored_values(f)),
          network.input(Matrix<Rational>::Zero(f.d, f.L)), f, alpha};
}

}  // namespace promptbound

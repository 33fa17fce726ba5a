/// A problem without a model.
#pragma once

#include <promptbound/verify/supremum/box_error.hpp>

namespace promptbound {

/// No layers: the output is the input.
inline ApproximationProblem plain_problem(const Target& f, const Number& alpha) {
  return {
      {f.d, {}, Mask::bidirectional}, Matrix<Rational>(f.d, 0), Matrix<Rational>::Zero(f.d, f.L), f, alpha};
}

}  // namespace promptbound

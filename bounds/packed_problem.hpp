/// What a packed prompt must serve, read from the arguments of a bound (theory 1.6).
#pragma once

#include <algorithm>

#include <promptbound/bounds/bound.hpp>
#include <promptbound/bounds/search/packed_layout.hpp>

namespace promptbound {

/// Reads d, L, C, alpha, b and P, all of which must be given.
[[nodiscard]] inline PackedProblem packed_problem(const Arguments& arguments) {
  PackedProblem result;
  result.d = arguments.integer(parameters::d);
  result.L = arguments.integer(parameters::L);
  result.n = result.d * result.L;
  result.C = arguments.rational(parameters::C);
  result.alpha = arguments.number(parameters::alpha);
  result.b = arguments.integer(parameters::b).convert_to<unsigned long>();
  result.P = arguments.integer(parameters::P);
  return result;
}

/// Returns the default of P at d and L, as far as P goes.
[[nodiscard]] inline Argument payload_by_default(const Arguments& arguments) {
  const Integer n = arguments.integer(parameters::d) * arguments.integer(parameters::L);
  return std::min(default_payload(n), Integer(parameters::P.most));
}

}  // namespace promptbound

/// What the reading and the writing of expressions share.
#pragma once

#include <promptbound/constructions/expression.hpp>

namespace promptbound {

struct NamedFunction {
  const char* name;
  Operation operation;
};

inline constexpr NamedFunction named_functions[] = {{"min", Operation::minimum},
                                                    {"max", Operation::maximum},
                                                    {"abs", Operation::absolute},
                                                    {"sqrt", Operation::square_root},
                                                    {"exp", Operation::exponential},
                                                    {"log", Operation::logarithm},
                                                    {"sin", Operation::sine},
                                                    {"cos", Operation::cosine},
                                                    {"tanh", Operation::hyperbolic_tangent}};

/// Returns How many operands it takes.
[[nodiscard]] int operands(Operation operation);

}  // namespace promptbound

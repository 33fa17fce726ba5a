/// Examples that share one query token: what theory 2.2 decides, and what constructions ask of it.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>
#include <promptbound/numeric/exponential_sum.hpp>

namespace promptbound {

/// A vector whose entries are decided exactly.
using ExactVector = std::vector<ExponentialQuotient>;

/// The tokens that the query sees (columns, itself among them), and the attention output asked for.
struct SharedQueryExample {
  Matrix<Rational> tokens;
  ExactVector target;
};

struct SharedQueryData {
  Matrix<Rational> A;  ///< d x d, W_K^T W_Q
  Matrix<Rational> V;  ///< d x d, W_O W_V
  Vector<Rational> query;
  std::vector<SharedQueryExample> examples;
};

}  // namespace promptbound

/// Attention of one sequence on balls.
#pragma once

#include <promptbound/verify/recall/ball_pass.hpp>

namespace promptbound {

/// Queries, keys or values of all heads, one below the other.
struct ProjectedBalls {
  TwofoldMatrix mid;
  Matrix<double> radius;             ///< of all heads together: cases x tokens
  std::vector<Matrix<double>> head;  ///< of each head
};

/// What the heads give, one below the other.
struct HeadBalls {
  TwofoldMatrix mid;
  Matrix<double> radius;  ///< of all heads together: cases x tokens
};

/// Returns The means of the values with weights softmax(<key, query>/sqrt(divisor)) over the tokens up to
/// each query's own.
[[nodiscard]] HeadBalls attend(const BallLayer& layer, const ProjectedBalls& queries,
                               const ProjectedBalls& keys, const ProjectedBalls& values,
                               const std::vector<BallCase>& cases, int threads);

}  // namespace promptbound

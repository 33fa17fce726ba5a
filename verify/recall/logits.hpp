/// Logits of tokens that are enclosed, compared with one another (theory 3.5).
#pragma once

#include <vector>

#include <promptbound/models/unembedding.hpp>
#include <promptbound/verify/recall/ball_pass.hpp>

namespace promptbound {

/// What all rows of the unembedding say at one position, for one case.
struct PositionLogits {
  FastInterval token = FastInterval::whole_line();  ///< the logit of the token that is to come
  FastInterval rival = FastInterval::whole_line();  ///< the largest logit of all others
  std::size_t rival_token = 0;                      ///< the one of those whose lower end is the highest
  /// sum_j exp(l_j - l) over all rows, l being the logit of the token: e to the cross-entropy. For the first
  /// case.
  FastInterval odds = FastInterval(1.0, std::numeric_limits<double>::infinity());
  /// Does another row equal that of the token, its bias included? Their logits are then equal whatever the
  /// state is.
  bool has_twin = false;

  [[nodiscard]] FastInterval margin() const { return token - rival; }
};

/// A position of the states, and the token that is to come behind it.
struct Asked {
  Index column;
  std::size_t token;
};

/// Returns the logits at these positions of the tokens that the last norm has left: for each position, one
/// entry a case.
[[nodiscard]] std::vector<std::vector<PositionLogits>> compare_logits(
    const Unembedding& table, const NormedBalls& states, const BallNorm& norm,
    const std::vector<Asked>& asked, const std::vector<BallCase>& cases, int threads);

/// Does the same for states enclosed entry by entry, at the working precision; of one case.
[[nodiscard]] std::vector<PositionLogits> compare_logits(const Unembedding& table,
                                                         const Matrix<Interval>& states,
                                                         const std::vector<Asked>& asked);

}  // namespace promptbound

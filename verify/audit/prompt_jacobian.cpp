#include <promptbound/verify/audit/norm_enclosure.hpp>
#include <promptbound/verify/audit/prompt_jacobian.hpp>

namespace promptbound {

DerivativeNorms empty_norms(Index tokens, Index prompt_tokens) {
  return {UpperBounds(tokens, prompt_tokens), std::vector<UpperBound>(static_cast<std::size_t>(tokens))};
}

void set_norms(DerivativeNorms& norms, Index token, const BallMatrix& A) {
  const Index m = norms.blocks.cols(), width = A.cols() / m;
  UpperBound sum;
  for (Index j = 0; j < m; ++j) {
    const BallMatrix block(A.mid().middleCols(j * width, width), A.rad().middleCols(j * width, width));
    norms.blocks(token, j) = UpperBound(A.rows() == 1 ? euclidean_norm(block) : norm_enclosure(block));
    sum += norms.blocks(token, j);
  }
  const FastInterval all = A.rows() == 1 ? euclidean_norm(A) : norm_enclosure(A);
  norms.whole[static_cast<std::size_t>(token)] =
      min(sum, UpperBound(sqrt(FastInterval(static_cast<double>(m))) * all));
}

}  // namespace promptbound

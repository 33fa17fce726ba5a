/// What is known of the derivatives of tokens by a prompt, at its centre and on a ball around it
/// (theory 3.4).
///
/// Derivatives of a token are d x w matrices, one for each of m prompt tokens. At the centre they are carried
/// as one binary64 matrix; how far the true ones are from it, there and elsewhere on the ball, as one norm a
/// token and prompt token: radii of entries would grow by the row sums of the weights.
#pragma once

#include <vector>

#include <promptbound/numeric/matrices/ball_matrix.hpp>
#include <promptbound/verify/audit/upper_bound.hpp>

namespace promptbound {

/// One row a token, one column a prompt token, or one column for all together.
using UpperBounds = Eigen::Matrix<UpperBound, Eigen::Dynamic, Eigen::Dynamic>;

/// Returns an index as one of a std::vector.
[[nodiscard]] inline std::size_t place(Index i) { return static_cast<std::size_t>(i); }
/// Returns A + B.
[[nodiscard]] inline BallMatrix sum_of(const BallMatrix& A, const BallMatrix& B) {
  return A - BallMatrix(-B.mid(), B.rad());
}

/// Norms of derivatives at the centre.
struct DerivativeNorms {
  UpperBounds blocks;             ///< of each block
  std::vector<UpperBound> whole;  ///< how far a token moves where every prompt token moves by 1 at most
};

/// Adds a row: the norms of A = [A_1, ..., A_m], for every matrix in the ball. sup ||sum_j A_j u_j|| over
/// unit vectors u_j is at most sum_j ||A_j||, and since the u_j together have norm sqrt(m), at most sqrt(m)
/// ||A||.
void set_norms(DerivativeNorms& norms, Index token, const BallMatrix& A);
[[nodiscard]] DerivativeNorms empty_norms(Index tokens, Index prompt_tokens);

/// Derivatives at the centre.
struct PromptJacobian {
  Index prompt_tokens = 0;
  Matrix<double> mid;  ///< (T d) x (m w)
  DerivativeNorms norms;

  [[nodiscard]] BallMatrix of_token(Index token, Index width) const {
    return BallMatrix(Matrix<double>(mid.middleRows(token * width, width)));
  }
};

/// What holds for every prompt of the ball.
struct OnBall {
  UpperBound radius;
  /// T x m: how far derivatives are from those of the centre, and how large they are. Without a Jacobian
  /// there is no error, and one column of sizes: how far a token moves where every prompt token moves by 1 at
  /// most.
  UpperBounds error, size;
  std::vector<UpperBound> deviation;  ///< of each token from its value at the centre
};

/// What a map F does on such a ball, to changes of its tokens that are below x_t, for every column x.
struct MapOnBall {
  UpperBounds change;             ///< ||(DF - DF at the centre) dz||, by token
  UpperBounds plain;              ///< ||DF dz||
  std::vector<UpperBound> moved;  ///< ||F - F at the centre||
};

/// A map of tokens at the centre.
class CentredMap {
 public:
  virtual ~CentredMap() = default;
  CentredMap() = default;
  CentredMap(const CentredMap&) = delete;
  CentredMap& operator=(const CentredMap&) = delete;
  /// Returns DF at the centre: the rows of a token, by all tokens from first_source(token) on.
  [[nodiscard]] virtual BallMatrix derivative(Index token) const = 0;
  [[nodiscard]] virtual Index first_source(Index token) const { return token; }
  [[nodiscard]] virtual MapOnBall on_ball(const OnBall& ball, const UpperBounds& x) const = 0;
};

}  // namespace promptbound

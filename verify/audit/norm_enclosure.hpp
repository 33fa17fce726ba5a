/// Certified spectral norms of binary64 matrices of hundreds of rows (theory 3.1).
///
/// Unlike spectral_norm, which is exact in its input and as tight as asked but slow, these are for weights: a
/// width of 64 takes a millisecond, and the relative width is about the number of columns times 2^-50.
#pragma once

#include <vector>

#include <promptbound/numeric/matrices/ball_matrix.hpp>

namespace promptbound {

/// Encloses ||A||_2 for every A in the ball. [0, inf] when nothing can be certified (overflow).
///
/// From above by a factorization of sigma I - A A^T in binary64 with a proved error, from below by the image
/// of a vector (spectral_bound.cpp has the lemma).
[[nodiscard]] FastInterval norm_enclosure(const BallMatrix& A);

/// Encloses ||X^T Y||_2 for X and Y with the same small number s of rows, in s x s matrices only.
///
/// A symmetric G, Q its eigenvectors approximately, E = Q^T Q - I: if ||E|| < 1, then lambda_max(G) <=
/// lambda_max(Q^T G Q)/(1 - ||E||), the latter bounded by Gershgorin's discs; and every column q of Q gives
/// lambda_max(G) >= q^T G q/q^T q.
/// The squares of the singular values of X^T Y are the eigenvalues of (X X^T)(Y Y^T). With X X^T = L L^T + D,
/// ||D|| <= delta:  | ||X^T Y||^2 - lambda_max(L^T Y Y^T L) | <= delta lambda_max(Y Y^T).
[[nodiscard]] FastInterval product_norm(const BallMatrix& X, const BallMatrix& Y);

/// Returns the Euclidean norm of a vector, or of all entries of a matrix (Frobenius).
[[nodiscard]] FastInterval euclidean_norm(const BallMatrix& v);
[[nodiscard]] FastInterval euclidean_norm(const Eigen::Ref<const Vector<double>>& v);
/// Returns the Euclidean norm of each row.
[[nodiscard]] std::vector<FastInterval> row_norms(const BallMatrix& A);

}  // namespace promptbound

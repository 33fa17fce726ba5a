#include <Eigen/Eigenvalues>

#include <promptbound/verify/audit/norm_enclosure.hpp>

namespace promptbound {
namespace {

/// sum_j |M_ij| over the j other than i.
FastInterval off_diagonal_sum(const BallMatrix& M, Index row) {
  FastInterval sum(0);
  for (Index column = 0; column < M.cols(); ++column) {
    if (column != row) sum += abs(M.entry(row, column));
  }
  return sum;
}

/// max_i sum_j |M_ij|, which bounds ||M||_2 of a symmetric M.
FastInterval largest_row_sum(const BallMatrix& M) {
  FastInterval largest(0);
  for (Index row = 0; row < M.rows(); ++row)
    largest = max(largest, off_diagonal_sum(M, row) + abs(M.entry(row, row)));
  return largest;
}

struct Eigensystem {
  Vector<double> values;
  Matrix<double> vectors;
};

/// Approximate: nothing is concluded from it alone.
Eigensystem approximate_eigensystem(const BallMatrix& G) {
  const Matrix<double> symmetric = (G.mid() + G.mid().transpose()) / 2;
  const Eigen::SelfAdjointEigenSolver<Matrix<double>> solver(symmetric);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

/// The largest eigenvalue of every symmetric positive semidefinite matrix in G.
FastInterval largest_eigenvalue(const BallMatrix& G) {
  const FastInterval unknown(0, std::numeric_limits<double>::infinity());
  if (!G.mid().allFinite() || !G.rad().allFinite()) return unknown;
  const BallMatrix Q(approximate_eigensystem(G).vectors);
  const BallMatrix B = Q.transpose() * (G * Q);
  const BallMatrix E =
      Q.transpose() * Q - BallMatrix(Matrix<double>(Matrix<double>::Identity(G.rows(), G.rows())));
  const FastInterval defect = largest_row_sum(E);
  if (!certainly_less(defect, FastInterval(1))) return unknown;
  FastInterval discs(0), quotients(0);
  for (Index k = 0; k < G.rows(); ++k) {
    discs = max(discs, off_diagonal_sum(B, k) + B.entry(k, k));
    quotients = max(quotients, B.entry(k, k) / (FastInterval(1) + E.entry(k, k)));
  }
  const FastInterval above = discs / (FastInterval(1) - defect);
  return {quotients.lower(), above.upper()};
}

void add_square(FastInterval& sum, const FastInterval& entry) {
  const FastInterval x = abs(entry);
  sum += x * x;
}

BallMatrix gram(const BallMatrix& X) { return X * X.transpose(); }

}  // namespace

FastInterval product_norm(const BallMatrix& X, const BallMatrix& Y) {
  const BallMatrix G_X = gram(X), G_Y = gram(Y);
  if (!G_X.rad().allFinite() || !G_Y.rad().allFinite()) return norm_enclosure(X.transpose() * Y);
  const Eigensystem system = approximate_eigensystem(G_X);
  const Matrix<double> root = system.vectors * system.values.cwiseMax(0.0).cwiseSqrt().asDiagonal();
  const BallMatrix L(root);
  const FastInterval delta = largest_row_sum(G_X - gram(L));
  const FastInterval main = largest_eigenvalue(L.transpose() * (G_Y * L));
  const FastInterval error = (delta * largest_eigenvalue(G_Y)).upper_point();
  return sqrt(max(FastInterval(0), main + FastInterval(-error.upper(), error.upper())));
}

FastInterval euclidean_norm(const BallMatrix& v) {
  FastInterval sum(0);
  for (Index column = 0; column < v.cols(); ++column) {
    for (Index row = 0; row < v.rows(); ++row) add_square(sum, v.entry(row, column));
  }
  return sqrt(sum);
}

FastInterval euclidean_norm(const Eigen::Ref<const Vector<double>>& v) {
  FastInterval sum(0);
  for (const double x : v) add_square(sum, FastInterval(x));
  return sqrt(sum);
}

// Column by column, as matrices lie in memory. Each square has a relative error of 3 roundings and their sum
// one of gamma_n; squares below 2^-1022 are off by less than 2^-1074.
std::vector<FastInterval> row_norms(const BallMatrix& A) {
  Vector<double> below = Vector<double>::Zero(A.rows()), above = below;
  for (Index column = 0; column < A.cols(); ++column) {
    const auto mid = A.mid().col(column).array().abs();
    const auto rad = A.rad().col(column).array();
    below.array() += (mid - rad).max(0.0).square();
    above.array() += (mid + rad).square();
  }
  const double error = gamma_bound(A.cols() + 4);
  const FastInterval around(1 - error, 1 + error), underflow(-0x1p-1000, 0x1p-1000);
  std::vector<FastInterval> norms;
  for (Index row = 0; row < A.rows(); ++row) {
    norms.push_back(sqrt(max(FastInterval(0), FastInterval(below(row), above(row)) * around + underflow)));
  }
  return norms;
}

}  // namespace promptbound

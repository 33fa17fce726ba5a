#include <vector>

#include <promptbound/numeric/rational_algebra.hpp>

namespace promptbound {
namespace {

/// Brings M to reduced row echelon form in place, pivots in the first `columns` columns only, and returns
/// the pivot columns in the order of their rows.
std::vector<Index> reduce(Matrix<Rational>& M, Index columns) {
  std::vector<Index> pivots;
  for (Index column = 0; column < columns; ++column) {
    const auto row = static_cast<Index>(pivots.size());
    Index pivot = row;
    while (pivot < M.rows() && M(pivot, column) == 0) ++pivot;
    if (pivot == M.rows()) continue;
    for (Index k = 0; k < M.cols(); ++k) std::swap(M(row, k), M(pivot, k));
    const Rational scale = 1 / M(row, column);
    for (Index k = column; k < M.cols(); ++k) M(row, k) *= scale;
    for (Index other = 0; other < M.rows(); ++other) {
      if (other == row || M(other, column) == 0) continue;
      const Rational factor = M(other, column);
      for (Index k = column; k < M.cols(); ++k) {
        if (M(row, k) != 0) M(other, k) -= factor * M(row, k);
      }
    }
    pivots.push_back(column);
  }
  return pivots;
}

}  // namespace

Index rank(const Matrix<Rational>& M) {
  Matrix<Rational> copy = M;
  return static_cast<Index>(reduce(copy, M.cols()).size());
}

Matrix<Rational> kernel(const Matrix<Rational>& M) {
  Matrix<Rational> echelon = M;
  const std::vector<Index> pivots = reduce(echelon, M.cols());
  const auto pivot_count = static_cast<Index>(pivots.size());
  Matrix<Rational> basis = Matrix<Rational>::Zero(M.cols(), M.cols() - pivot_count);
  Index next_pivot = 0;
  for (Index column = 0; column < M.cols(); ++column) {
    if (next_pivot < pivot_count && pivots[static_cast<std::size_t>(next_pivot)] == column) {
      ++next_pivot;
      continue;
    }
    // A free column: this unknown is 1, the other free ones 0.
    const Index vector = column - next_pivot;
    basis(column, vector) = 1;
    for (Index row = 0; row < next_pivot; ++row) {
      basis(pivots[static_cast<std::size_t>(row)], vector) = -echelon(row, column);
    }
  }
  return basis;
}

Matrix<Rational> generalized_inverse(const Matrix<Rational>& M) {
  // E M is in echelon form for an invertible E: reading the pivot unknowns off E y solves M x = y.
  Matrix<Rational> work(M.rows(), M.cols() + M.rows());
  work << M, Matrix<Rational>::Identity(M.rows(), M.rows());
  const std::vector<Index> pivots = reduce(work, M.cols());
  Matrix<Rational> G = Matrix<Rational>::Zero(M.cols(), M.rows());
  for (std::size_t row = 0; row < pivots.size(); ++row) {
    G.row(pivots[row]) = work.row(static_cast<Index>(row)).tail(M.rows());
  }
  return G;
}

std::optional<Vector<Rational>> solve(const Matrix<Rational>& M, const Vector<Rational>& y) {
  Matrix<Rational> work(M.rows(), M.cols() + 1);
  work << M, y;
  const std::vector<Index> pivots = reduce(work, M.cols());
  Vector<Rational> x = Vector<Rational>::Zero(M.cols());
  for (Index row = 0; row < M.rows(); ++row) {
    if (row < static_cast<Index>(pivots.size())) {
      x(pivots[static_cast<std::size_t>(row)]) = work(row, M.cols());
    } else if (work(row, M.cols()) != 0) {
      return std::nullopt;
    }
  }
  return x;
}

}  // namespace promptbound

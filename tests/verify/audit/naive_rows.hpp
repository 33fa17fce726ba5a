/// Rows of the independent evaluation: random ones, and as matrices of the library.
#pragma once

#include <promptbound/numeric/eigen.hpp>

#include "random.hpp"
#include "verify/audit/naive_language_model.hpp"

/// Returns the rows as the columns of a matrix, rounded to binary64.
inline promptbound::Matrix<double> columns(const naive::Rows& rows) {
  using promptbound::Index;
  promptbound::Matrix<double> X(static_cast<Index>(rows.front().size()), static_cast<Index>(rows.size()));
  for (Index i = 0; i < X.cols(); ++i) {
    for (Index c = 0; c < X.rows(); ++c) {
      X(c, i) = static_cast<double>(rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(c)]);
    }
  }
  return X;
}

/// Returns the largest Euclidean distance of a row of A from that row of B.
inline naive::Real largest_distance(const naive::Rows& A, const naive::Rows& B) {
  naive::Rows difference = A;
  for (std::size_t i = 0; i < A.size(); ++i) {
    for (std::size_t c = 0; c < A[i].size(); ++c) difference[i][c] -= B[i][c];
  }
  return naive::largest_norm(difference);
}

/// Returns so many tokens for a small model (tests/models/small_language_model.hpp), of width 8, with entries
/// in [-size, size].
inline naive::Rows random_rows(promptbound::RandomNumbers& random, std::size_t count, double size = 1) {
  naive::Rows rows(count, naive::Row(8));
  for (naive::Row& row : rows) {
    for (naive::Real& x : row) x = size * random.rational(-1, 1).convert_to<double>();
  }
  return rows;
}

/// Returns the sizes of the small model of that family: gpt2, llama or bert.
inline naive::Shape small_shape(const std::string& family) {
  if (family == "llama") return {family, "model.", 8, 2, 4, 2, 2, 12, 1e-6L, 100};
  return {family, family == "bert" ? "bert." : "", 8, 2, 2, 2, 4, 12, family == "bert" ? 1e-6L : 1e-5L, 0};
}

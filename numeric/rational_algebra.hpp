/// Exact linear algebra over the rationals: rank, kernel, solutions, inverse.
#pragma once

#include <optional>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

[[nodiscard]] Index rank(const Matrix<Rational>& M);

/// A basis of {x : M x = 0}, one vector a column; no column when M has full column rank.
[[nodiscard]] Matrix<Rational> kernel(const Matrix<Rational>& M);

/// Some G with M G M = M, so that G y solves M x = y whenever that has a solution: the inverse when M is
/// invertible.
[[nodiscard]] Matrix<Rational> generalized_inverse(const Matrix<Rational>& M);

/// Some x with M x = y; nothing when there is none.
[[nodiscard]] std::optional<Vector<Rational>> solve(const Matrix<Rational>& M, const Vector<Rational>& y);

}  // namespace promptbound

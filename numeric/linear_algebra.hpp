/// Exact linear algebra over the rationals, and linear systems solved with a proof.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// The reduced row echelon form of a rational matrix, as integers over one common denominator: row r of the
/// form is rows.row(r) / denominator, its leading 1 stands in column pivots[r]; rows without a pivot are left
/// out.
struct EchelonForm {
  Matrix<Integer> rows;
  Integer denominator = 1;
  std::vector<Index> pivots;
  int swaps = 1;  ///< the sign of the row permutation

  [[nodiscard]] Index rank() const { return static_cast<Index>(pivots.size()); }
};

/// Eliminates without fractions (Gauss-Jordan, Bareiss): every division is exact, so that no entry grows
/// beyond a minor of the matrix with its denominators cleared.
[[nodiscard]] EchelonForm echelon_form(const Matrix<Rational>& A);

[[nodiscard]] Index rank(const Matrix<Rational>& A);

/// Returns one solution X of A X = B, its free coordinates 0; nothing if there is none. A may have any shape.
[[nodiscard]] std::optional<Matrix<Rational>> solve(const Matrix<Rational>& A, const Matrix<Rational>& B);

[[nodiscard]] std::optional<Vector<Rational>> solve(const Matrix<Rational>& A, const Vector<Rational>& b);

/// Returns some G with A G A = A, so that G b solves A x = b whenever that has a solution.
[[nodiscard]] Matrix<Rational> generalized_inverse(const Matrix<Rational>& A);

/// Returns the determinant of a square matrix; 1 for the empty one.
[[nodiscard]] Rational determinant(const Matrix<Rational>& A);

/// Returns A^-1, or nothing if the square matrix A is singular.
[[nodiscard]] std::optional<Matrix<Rational>> inverse(const Matrix<Rational>& A);

/// Returns a basis of {x : A x = 0}, as columns.
[[nodiscard]] Matrix<Rational> kernel(const Matrix<Rational>& A);

/// Returns some point of each entry's enclosure, near its middle, and points as enclosures.
[[nodiscard]] Matrix<Real> real_midpoints(const Matrix<Interval>& A);
[[nodiscard]] Matrix<Interval> points(const Matrix<Real>& A);

/// Encloses A^-1 B for every matrix in the square A and every right-hand side in B: an approximate
/// inverse R is computed, then ||I - R A|| < 1 is proved. Nothing if that fails at the working precision; A
/// may still be regular.
[[nodiscard]] std::optional<Matrix<Interval>> enclose_solution(const Matrix<Interval>& A,
                                                               const Matrix<Interval>& B);

}  // namespace promptbound

#include <Eigen/LU>

#include <promptbound/numeric/linear_algebra.hpp>

namespace promptbound {
namespace {

/// The least common multiple of the denominators of a row.
Integer common_denominator(const Matrix<Rational>& A, Index row) {
  Integer multiple = 1;
  for (Index column = 0; column < A.cols(); ++column) {
    multiple = lcm(multiple, Integer(denominator(A(row, column))));
  }
  return multiple;
}

Matrix<Integer> integer_rows(const Matrix<Rational>& A) {
  Matrix<Integer> result(A.rows(), A.cols());
  for (Index row = 0; row < A.rows(); ++row) {
    const Integer multiple = common_denominator(A, row);
    for (Index column = 0; column < A.cols(); ++column) {
      const Rational& entry = A(row, column);
      result(row, column) = numerator(entry) * Integer(multiple / denominator(entry));
    }
  }
  return result;
}

/// Row of the first non-zero entry of the column at or below `start`; the number of rows if there is none.
Index find_pivot(const Matrix<Integer>& M, Index start, Index column) {
  Index row = start;
  while (row < M.rows() && M(row, column) == 0) ++row;
  return row;
}

Interval symmetric(const Interval& radius) { return hull(-radius, radius); }

/// The largest absolute row sum, as an upper bound.
Interval row_sum_norm(const Matrix<Interval>& A) {
  Interval norm(0);
  for (Index row = 0; row < A.rows(); ++row) {
    Interval sum(0);
    for (Index column = 0; column < A.cols(); ++column) sum += abs(A(row, column));
    norm = max(norm, sum);
  }
  return norm;
}

}  // namespace

Matrix<Real> real_midpoints(const Matrix<Interval>& A) {
  return A.unaryExpr([](const Interval& x) {
    Real middle;
    mpfi_get_fr(middle.backend().data(), x.get());
    return middle;
  });
}

Matrix<Interval> points(const Matrix<Real>& A) {
  return A.unaryExpr([](const Real& x) {
    Interval point;
    mpfi_set_fr(point.get(), x.backend().data());
    return point;
  });
}

EchelonForm echelon_form(const Matrix<Rational>& A) {
  EchelonForm form;
  Matrix<Integer> M = integer_rows(A);
  Index rank = 0;
  for (Index column = 0; column < M.cols() && rank < M.rows(); ++column) {
    const Index row = find_pivot(M, rank, column);
    if (row == M.rows()) continue;
    if (row != rank) {
      M.row(row).swap(M.row(rank));
      form.swaps = -form.swaps;
    }
    const Integer pivot = M(rank, column);
    for (Index i = 0; i < M.rows(); ++i) {
      if (i == rank) continue;
      const Integer factor = M(i, column);
      for (Index j = 0; j < M.cols(); ++j) {
        // Exact: by Sylvester's identity the result is a minor of the integer matrix.
        M(i, j) = Integer(pivot * M(i, j) - factor * M(rank, j)) / form.denominator;
      }
    }
    form.denominator = pivot;
    form.pivots.push_back(column);
    ++rank;
  }
  form.rows = M.topRows(rank);
  return form;
}

Index rank(const Matrix<Rational>& A) { return echelon_form(A).rank(); }

std::optional<Matrix<Rational>> solve(const Matrix<Rational>& A, const Matrix<Rational>& B) {
  Matrix<Rational> augmented(A.rows(), A.cols() + B.cols());
  augmented << A, B;
  const EchelonForm form = echelon_form(augmented);
  Matrix<Rational> X = Matrix<Rational>::Zero(A.cols(), B.cols());
  for (Index row = 0; row < form.rank(); ++row) {
    const Index pivot = form.pivots[static_cast<std::size_t>(row)];
    if (pivot >= A.cols()) return std::nullopt;  // a row 0 = 1
    for (Index column = 0; column < B.cols(); ++column) {
      X(pivot, column) = Rational(form.rows(row, A.cols() + column), form.denominator);
    }
  }
  return X;
}

std::optional<Vector<Rational>> solve(const Matrix<Rational>& A, const Vector<Rational>& b) {
  const auto X = solve(A, Matrix<Rational>(b));
  if (!X) return std::nullopt;
  return Vector<Rational>(X->col(0));
}

Matrix<Rational> generalized_inverse(const Matrix<Rational>& A) {
  // E A is in echelon form for an invertible E: reading the pivot unknowns off E b solves A x = b.
  Matrix<Rational> augmented(A.rows(), A.cols() + A.rows());
  augmented << A, Matrix<Rational>::Identity(A.rows(), A.rows());
  const EchelonForm form = echelon_form(augmented);
  Matrix<Rational> G = Matrix<Rational>::Zero(A.cols(), A.rows());
  for (Index row = 0; row < form.rank(); ++row) {
    const Index pivot = form.pivots[static_cast<std::size_t>(row)];
    if (pivot >= A.cols()) break;
    for (Index column = 0; column < A.rows(); ++column) {
      G(pivot, column) = Rational(form.rows(row, A.cols() + column), form.denominator);
    }
  }
  return G;
}

Rational determinant(const Matrix<Rational>& A) {
  const EchelonForm form = echelon_form(A);
  if (form.rank() < A.rows()) return Rational(0);
  // The last pivot of the fraction-free elimination is the determinant of the integer matrix.
  Integer scale = form.swaps;
  for (Index row = 0; row < A.rows(); ++row) scale *= common_denominator(A, row);
  return Rational(form.denominator, scale);
}

std::optional<Matrix<Rational>> inverse(const Matrix<Rational>& A) {
  return solve(A, Matrix<Rational>(Matrix<Rational>::Identity(A.rows(), A.rows())));
}

Matrix<Rational> kernel(const Matrix<Rational>& A) {
  const EchelonForm form = echelon_form(A);
  Matrix<Rational> basis = Matrix<Rational>::Zero(A.cols(), A.cols() - form.rank());
  Index vector = 0;
  std::size_t next_pivot = 0;
  for (Index column = 0; column < A.cols(); ++column) {
    if (next_pivot < form.pivots.size() && form.pivots[next_pivot] == column) {
      ++next_pivot;
      continue;
    }
    basis(column, vector) = 1;
    for (std::size_t row = 0; row < next_pivot; ++row) {
      basis(form.pivots[row], vector) =
          -Rational(form.rows(static_cast<Index>(row), column), form.denominator);
    }
    ++vector;
  }
  return basis;
}

std::optional<Matrix<Interval>> enclose_solution(const Matrix<Interval>& A, const Matrix<Interval>& B) {
  const Matrix<Interval> R = points(Matrix<Real>(real_midpoints(A).partialPivLu().inverse()));
  const Matrix<Interval> E = Matrix<Interval>::Identity(A.rows(), A.rows()) - multiply(R, A);
  const Interval contraction = row_sum_norm(E);
  if (!certainly_less(contraction, Interval(1))) return std::nullopt;
  // x = A^-1 b and x0 = R mid(b) differ by e = R (b - A x0) + E e, so ||e|| <= ||R (b - A x0)|| / (1 - ||E||)
  // in the max norm; putting this bound into the right-hand side sharpens it for each coordinate.
  const Matrix<Interval> start = multiply(R, points(real_midpoints(B)));
  const Matrix<Interval> residual = multiply(R, Matrix<Interval>(B - multiply(A, start)));
  Matrix<Interval> bound(A.rows(), B.cols());
  for (Index column = 0; column < B.cols(); ++column) {
    const Matrix<Interval> of_column = residual.col(column);
    const Interval radius = row_sum_norm(of_column) / (Interval(1) - contraction);
    for (Index row = 0; row < A.rows(); ++row) bound(row, column) = symmetric(radius);
  }
  return Matrix<Interval>(start + residual + multiply(E, bound));
}

}  // namespace promptbound

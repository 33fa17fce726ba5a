/// Certified spectral norms.
#pragma once

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// lower <= true value <= upper, as dyadic numbers of at most 64 significant bits.
struct NormBounds {
  Rational lower, upper;
};

/// Returns ||A||_2 within a relative 10^-9 for up to 64 rows or columns, and looser beyond (the cost grows
/// with the cube of the smaller side).
///
/// With G = A^T A or A A^T, n x n, and N a power of two:  (tr G^N / n)^{1/N} <= ||A||_2^2 <= (tr G^N)^{1/N},
/// the trace being the sum of the N-th powers of n eigenvalues >= 0. Both ends hold for every N, so no
/// eigenvector has to converge.
[[nodiscard]] NormBounds spectral_norm(const Matrix<Rational>& A);

/// Returns the Euclidean norm of a vector.
[[nodiscard]] NormBounds vector_norm(const Vector<Rational>& v);

/// Returns the least (greatest) dyadic number of 64 significant bits that is certainly at least (at most) x.
[[nodiscard]] Rational short_upper(const Rational& x);
[[nodiscard]] Rational short_lower(const Rational& x);

}  // namespace promptbound

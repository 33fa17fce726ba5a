// norm_enclosure() of verify/audit/norm_enclosure.hpp.
#include <cmath>
#include <limits>
#include <optional>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include <promptbound/numeric/matrices/product_kernel.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>

// X is n x m, n <= m, G = X X^T. With any lower triangular L and E = sigma I - G - L L^T,
//   sigma I - G = L L^T + E, so that lambda_max(G) <= sigma + ||E||_F.
// Nothing is asked of L: it comes from a Cholesky factorization in binary64, and how near it is shows in E.
// What is computed is off by at most gamma_m ||X||_F^2 (G) and gamma_{n+2} (||sigma I - G||_F + ||L||_F^2)
// (E), in the Frobenius norm (ball_matrix.hpp). From below, lambda_max(G) >= ||X^T v||^2/||v||^2 for any v: v
// is found by Lanczos' method.

namespace promptbound {
namespace {

/// Far above all that underflow can do to numbers of size 1.
constexpr double tiny = 0x1p-900;
/// Columns that are factored at a time.
constexpr Index block = 64;

Strided of(const Matrix<double>& A) { return {A.data(), 1, A.rows()}; }
Strided transposed(const Matrix<double>& A) { return {A.data(), A.rows(), 1}; }

FastInterval number_of(Index n) { return FastInterval(static_cast<double>(n)); }
FastInterval gamma(Index n) { return FastInterval(gamma_bound(n)); }

/// X X^T, both halves.
Matrix<double> rounded_gram(const Matrix<double>& X) {
  const Index n = X.rows();
  Matrix<double> G = Matrix<double>::Zero(n, n);
  add_product(of(X), transposed(X), n, n, X.cols(), true, G.data(), n);
  G.triangularView<Eigen::StrictlyUpper>() = G.transpose();
  return G;
}

/// A unit vector near the eigenvector of the largest eigenvalue, by Lanczos' method with full
/// orthogonalization.
Vector<double> leading_vector(const Matrix<double>& G) {
  const Index n = G.rows(), most = std::min<Index>(n, 160);
  Matrix<double> basis(n, most);
  Vector<double> v(n), diagonal(most), beside(most);
  std::uint64_t state = 0x9e3779b97f4a7c15;
  for (double& x : v) {
    state = state * 6364136223846793005 + 1442695040888963407;
    x = static_cast<double>(state >> 11) * 0x1p-53 - 0.5;
  }
  v.normalize();
  Vector<double> ritz;
  Index k = 0;
  for (;;) {
    basis.col(k) = v;
    Vector<double> w = G.selfadjointView<Eigen::Lower>() * v;
    diagonal(k) = v.dot(w);
    const auto known = basis.leftCols(k + 1);
    for (int twice = 0; twice < 2; ++twice) w -= known * (known.transpose() * w);
    ++k;
    const double next = w.norm();
    const bool is_last = k == most || !(next > 0);
    if (is_last || k % 8 == 0) {
      Eigen::SelfAdjointEigenSolver<Matrix<double>> solver;
      solver.computeFromTridiagonal(diagonal.head(k), beside.head(k - 1));
      ritz = solver.eigenvectors().col(k - 1);
      // The residual of this pair: its square over the gap is the error of the eigenvalue.
      if (is_last || next * std::fabs(ritz(k - 1)) < 0x1p-24 * solver.eigenvalues()(k - 1)) break;
    }
    beside(k - 1) = next;
    v = w / next;
  }
  return (basis.leftCols(k) * ritz).normalized();
}

/// A lower triangular L with L L^T near A, the lower half of which is given; nothing where a pivot is not
/// positive.
std::optional<Matrix<double>> near_root(Matrix<double> A) {
  const Index n = A.rows();
  for (Index k = 0; k < n; k += block) {
    const Index size = std::min(block, n - k), rest = n - k - size;
    auto corner = A.block(k, k, size, size);
    const Eigen::LLT<Matrix<double>> root(corner);
    if (root.info() != Eigen::Success) return std::nullopt;
    corner.triangularView<Eigen::Lower>() = root.matrixL();
    if (rest == 0) break;
    auto below = A.block(k + size, k, rest, size);
    // Many right-hand sides: by the inverse of the small triangle.
    const Matrix<double> inverse =
        corner.triangularView<Eigen::Lower>().solve(Matrix<double>::Identity(size, size));
    const Matrix<double> old = below;
    below.setZero();
    add_product(of(old), transposed(inverse), rest, size, size, false, &A(k + size, k), n);
    const Matrix<double> minus = -below;
    add_product(of(minus), {&A(k + size, k), n, 1}, rest, rest, size, true, &A(k + size, k + size), n);
  }
  A.triangularView<Eigen::StrictlyUpper>().setZero();
  return A;
}

/// Adds -L L^T to the lower half of E.
void subtract_square(const Matrix<double>& L, Matrix<double>& E) {
  const Index n = L.rows();
  for (Index k = 0; k < n; k += block) {
    const Index size = std::min(block, n - k), rest = n - k;
    const Matrix<double> minus = -L.block(k, k, rest, size);
    add_product(of(minus), {&L(k, k), n, 1}, rest, rest, size, true, &E(k, k), n);
  }
}

/// At least the sum of the squares: each product and sum is off by one unit at most.
FastInterval square_sum_above(const Matrix<double>& A) {
  FastInterval sum(0);
  for (Index column = 0; column < A.cols(); ++column) {
    const FastInterval rounded(A.col(column).squaredNorm());
    sum += rounded * (FastInterval(1) + gamma(A.rows())) + FastInterval(tiny);
  }
  return sum.upper_point();
}

/// An upper bound of lambda_max(X X^T) where sigma I - G can be factored, G = X X^T rounded, m the columns of
/// X and size >= ||X||_F^2.
std::optional<FastInterval> eigenvalue_bound(const Matrix<double>& G, double sigma, Index m,
                                             const FastInterval& size) {
  const Index n = G.rows();
  Matrix<double> E = -G;
  E.diagonal().array() += sigma;
  const std::optional<Matrix<double>> L = near_root(E);
  if (!L) return std::nullopt;
  subtract_square(*L, E);
  // Of the lower half alone: what is off the diagonal counts twice, 3/2 being more than the root of 2.
  for (Index column = 0; column < n; ++column) {
    E.col(column).head(column).setZero();
    E.col(column).tail(n - column - 1) *= 1.5;
  }
  const FastInterval shift(sigma);
  const FastInterval rounding =
      gamma(m) * size + gamma(n + 2) * (shift * number_of(n) + size + size + square_sum_above(*L));
  return (shift + sqrt(square_sum_above(E)) + rounding + FastInterval(tiny)).upper_point();
}

/// ||X^T v||/||v||, from below.
FastInterval quotient_below(const Matrix<double>& X, const Vector<double>& v, const FastInterval& size) {
  const Vector<double> image = X.transpose() * v;
  const FastInterval length = sqrt(square_sum_above(v));
  const FastInterval rounding = gamma(X.rows()) * sqrt(size) * length + FastInterval(tiny);
  const FastInterval below = (euclidean_norm(image) - rounding) / length;
  return FastInterval(std::max(below.lower(), 0.0));
}

/// ||X|| for n <= m, the largest entry being of size 1.
FastInterval norm_of_wide(const Matrix<double>& X) {
  const FastInterval size = square_sum_above(X);
  const Matrix<double> G = rounded_gram(X);
  const FastInterval below = quotient_below(X, leading_vector(G), size);
  // As tight as rounding allows first; a matrix whose leading vector was not found takes more room.
  const double side = static_cast<double>(X.rows());
  for (double room = std::max(0x1p-42, side * side * 0x1p-54); room < 1; room *= 64) {
    const double sigma = below.lower() * below.lower() * (1 + room);
    if (const auto bound = eigenvalue_bound(G, sigma, X.cols(), size)) {
      return {below.lower(), std::min(sqrt(*bound).upper(), sqrt(size).upper())};
    }
  }
  return {below.lower(), sqrt(size).upper()};
}

}  // namespace

FastInterval norm_enclosure(const BallMatrix& A) {
  if (!A.mid().allFinite() || !A.rad().allFinite()) return {0, std::numeric_limits<double>::infinity()};
  FastInterval around(0);
  if (!A.rad().isZero(0)) around = sqrt(square_sum_above(A.rad()));
  if (A.mid().isZero(0)) return {0, around.upper()};
  // A power of two is divided out exactly, but for what underflows.
  const int exponent = std::max(std::ilogb(A.mid().cwiseAbs().maxCoeff()), -1022);
  const double scale = std::ldexp(1.0, exponent), inverse = std::ldexp(1.0, -exponent);
  const FastInterval norm =
      A.rows() <= A.cols() ? norm_of_wide(A.mid() * inverse) : norm_of_wide(A.mid().transpose() * inverse);
  const FastInterval result = (norm + FastInterval(-tiny, tiny)) * FastInterval(scale) +
                              FastInterval(-around.upper(), around.upper());
  return {std::max(result.lower(), 0.0), result.upper()};
}

}  // namespace promptbound

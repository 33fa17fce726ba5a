#include <cmath>
#include <limits>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/matrices/ball_matrix.hpp>
#include <promptbound/numeric/matrices/product_kernel.hpp>

namespace promptbound {
namespace {

constexpr double unit = 0x1p-53;
// Radii are computed in round to nearest and made this much larger: for at most 2^24 columns the relative
// error of a sum of products of numbers >= 0 is below 2^-28, and a few more operations change nothing.
constexpr double inflation = 1 + 0x1p-20;
constexpr Index most_columns = Index{1} << 24;
constexpr double infinity = std::numeric_limits<double>::infinity();

Index checked_columns(Index n) {
  if (n > most_columns) throw InputError("a matrix of more than 2^24 columns is not multiplied");
  return n;
}
/// The rounded product.
Matrix<double> product(const Matrix<double>& A, const Matrix<double>& B) {
  Matrix<double> C = Matrix<double>::Zero(A.rows(), B.cols());
  add_product({A.data(), 1, A.rows()}, {B.data(), 1, B.rows()}, A.rows(), B.cols(), A.cols(), false, C.data(),
              C.rows());
  return C;
}
/// At most 2^-1074 for each product and each product of the radius.
double underflow(Index n) { return static_cast<double>(n + 1) * 0x1p-1060; }

}  // namespace

// gamma_n <= n 2^-52, with room for the rounding of this very product.
double gamma_bound(Index n) { return static_cast<double>(checked_columns(n)) * 2 * unit; }

BallMatrix::BallMatrix(Matrix<double> exact)
    : mid_(std::move(exact)), rad_(Matrix<double>::Zero(mid_.rows(), mid_.cols())) {}

BallMatrix::BallMatrix(Matrix<double> mid, Matrix<double> rad) : mid_(std::move(mid)), rad_(std::move(rad)) {
  for (Index k = 0; k < mid_.size(); ++k) {
    double& m = mid_.data()[k];
    double& r = rad_.data()[k];
    if (!std::isfinite(m) || !std::isfinite(r)) {
      m = 0;
      r = infinity;
    }
  }
}

BallMatrix BallMatrix::around(const Matrix<FastInterval>& entries) {
  Matrix<double> mid(entries.rows(), entries.cols()), rad(entries.rows(), entries.cols());
  for (Index k = 0; k < entries.size(); ++k) {
    const FastInterval& x = entries.data()[k];
    // Halves first: the sum of the ends could overflow. The midpoint of a point must be the point.
    const double m = x.lower() == x.upper() ? x.lower() : x.lower() / 2 + x.upper() / 2;
    const FastInterval distance = FastInterval(m) - x;
    mid.data()[k] = m;
    rad.data()[k] = std::max(-distance.lower(), distance.upper());
  }
  return {std::move(mid), std::move(rad)};
}

FastInterval BallMatrix::entry(Index row, Index column) const {
  const double m = mid_(row, column), r = rad_(row, column);
  if (r == 0) return FastInterval(m);
  return FastInterval(m) + FastInterval(-r, r);
}

Matrix<FastInterval> BallMatrix::entries() const {
  Matrix<FastInterval> result(rows(), cols());
  for (Index column = 0; column < cols(); ++column) {
    for (Index row = 0; row < rows(); ++row) result(row, column) = entry(row, column);
  }
  return result;
}

BallMatrix operator*(const BallMatrix& A, const BallMatrix& B) {
  const Index n = A.cols();
  const Matrix<double> size_A = A.mid().cwiseAbs(), size_B = B.mid().cwiseAbs();
  Matrix<double> radius = gamma_bound(n) * product(size_A, size_B);
  if (!A.rad().isZero(0)) radius += product(A.rad(), size_B + B.rad());
  if (!B.rad().isZero(0)) radius += product(size_A, B.rad());
  return {product(A.mid(), B.mid()), (radius * inflation).array() + underflow(n)};
}

BallMatrix times_diagonal(const Matrix<double>& A, const Vector<double>& diagonal) {
  const Index n = A.cols();
  const Matrix<double> mid = A * diagonal.asDiagonal();
  return {mid, (gamma_bound(n) * mid.cwiseAbs() * inflation).array() + underflow(n)};
}

BallMatrix operator-(const BallMatrix& A, const BallMatrix& B) {
  const Matrix<double> mid = A.mid() - B.mid();
  return {mid, (A.rad() + B.rad() + 2 * unit * mid.cwiseAbs()) * inflation};
}

}  // namespace promptbound

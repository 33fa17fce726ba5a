#include <doctest/doctest.h>

#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/verify/structure/spectral_norm.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// A random rational orthogonal matrix, by Cayley's map.
Matrix<Rational> orthogonal(RandomNumbers& random, Index n) {
  const Matrix<Rational> M =
      Matrix<Rational>::NullaryExpr(n, n, [&] { return Rational(random.integer(-9, 9), 4); });
  const Matrix<Rational> S = M - M.transpose();
  const Matrix<Rational> I = Matrix<Rational>::Identity(n, n);
  return multiply(*inverse(I + S), Matrix<Rational>(I - S));
}

bool encloses(const NormBounds& bounds, const Rational& norm) {
  return bounds.lower <= norm && norm <= bounds.upper;
}

}  // namespace

TEST_CASE("matrices of known singular values: enclosed and to nine digits") {
  RandomNumbers random(301);
  for (int i = 0; i < 40; ++i) {
    const Index rows = random.integer(1, 6), columns = random.integer(1, 6);
    Matrix<Rational> S = Matrix<Rational>::Zero(rows, columns);
    Rational largest = 0;
    for (Index k = 0; k < std::min(rows, columns); ++k) {
      // Equal and nearly equal largest values are what slows a power iteration down.
      S(k, k) = i % 3 == 0 ? Rational(7, 3) : i % 3 == 1 ? 1 - Rational(k, 1000000) : random.rational(0, 5);
      largest = std::max<Rational>(largest, S(k, k));
    }
    const Matrix<Rational> A = multiply(multiply(orthogonal(random, rows), S), orthogonal(random, columns));
    const NormBounds bounds = spectral_norm(A);
    CHECK(encloses(bounds, largest));
    CHECK(bounds.upper - bounds.lower <= largest / 1000000000);
  }
}

TEST_CASE("special matrices") {
  const NormBounds zero = spectral_norm(Matrix<Rational>::Zero(3, 2));
  CHECK(zero.upper == 0);
  Matrix<Rational> nilpotent = Matrix<Rational>::Zero(3, 3);
  nilpotent(0, 2) = Rational(Integer(1), Integer("1000000000000000000000000000000000000000"));
  CHECK(encloses(spectral_norm(nilpotent), nilpotent(0, 2)));
  Vector<Rational> v(2);
  v << 3, -4;
  CHECK(encloses(vector_norm(v), 5));
  CHECK(vector_norm(v).upper - 5 < Rational(1, 1000000000));
  // Larger than the tight method is used for: still an enclosure.
  CHECK(spectral_norm(Matrix<Rational>::Constant(70, 80, Rational(1, 7))).lower > 10);  // (70 * 80)^{1/2}/7
  const NormBounds wide = spectral_norm(Matrix<Rational>::Identity(70, 70));
  CHECK(encloses(wide, 1));
  CHECK(wide.upper - wide.lower < Rational(1, 1000));
}

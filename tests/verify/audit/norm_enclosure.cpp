#include <doctest/doctest.h>

#include <promptbound/verify/audit/norm_enclosure.hpp>
#include <promptbound/verify/structure/spectral_norm.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Matrix<Rational> exact(const Matrix<double>& A) {
  return A.unaryExpr([](double x) { return Rational(x); });
}

Matrix<double> random_matrix(RandomNumbers& random, Index rows, Index columns) {
  return random.matrix(rows, columns).unaryExpr([](const Rational& x) { return x.convert_to<double>(); });
}

/// The enclosure agrees with the rational computation, and is no wider than the last digits.
void check_norm(const FastInterval& enclosure, const Matrix<Rational>& A) {
  const NormBounds reference = spectral_norm(A);
  CHECK(Rational(enclosure.lower()) <= reference.upper);
  CHECK(reference.lower <= Rational(enclosure.upper()));
  CHECK(enclosure.upper() - enclosure.lower() <= 1e-11 * enclosure.upper());
}

}  // namespace

TEST_CASE("norms agree with the exact computation whatever the shape") {
  RandomNumbers random(2401);
  for (int i = 0; i < 20; ++i) {
    const Matrix<double> A = random_matrix(random, random.integer(1, 9), random.integer(1, 9));
    check_norm(norm_enclosure(BallMatrix(A)), exact(A));
  }
}

TEST_CASE("norms of products agree with the exact product also where factors are singular") {
  RandomNumbers random(2402);
  for (int i = 0; i < 20; ++i) {
    const Index s = random.integer(1, 4);
    Matrix<double> X = random_matrix(random, s, random.integer(1, 8));
    const Matrix<double> Y = random_matrix(random, s, random.integer(1, 8));
    if (i % 3 == 0) X.row(0) = X.row(s - 1);
    if (exact(X).isZero(0) || exact(Y).isZero(0)) continue;
    check_norm(product_norm(BallMatrix(X), BallMatrix(Y)),
               multiply<Rational>(exact(X).transpose(), exact(Y)));
  }
}

TEST_CASE("a known matrix - extreme scales and the zero matrix") {
  Matrix<double> A(2, 2);
  A << 3, 4, 0, 5;  // singular values sqrt(45) and sqrt(5)
  CHECK(norm_enclosure(BallMatrix(A)).contains(FastInterval(6.708203932499369)));
  check_norm(norm_enclosure(BallMatrix(A * 0x1p-300)), exact(A * 0x1p-300));
  check_norm(norm_enclosure(BallMatrix(A * 0x1p+300)), exact(A * 0x1p+300));
  CHECK(norm_enclosure(BallMatrix(Matrix<double>(Matrix<double>::Zero(3, 2)))).upper() == 0);
  // Beyond binary64: the square overflows, and nothing is claimed.
  CHECK(norm_enclosure(BallMatrix(A * 0x1p+600)).upper() == std::numeric_limits<double>::infinity());
  CHECK(norm_enclosure(BallMatrix(A * 0x1p+600)).lower() == 0);
}

TEST_CASE("every matrix of a ball is covered") {
  RandomNumbers random(2403);
  for (int i = 0; i < 20; ++i) {
    const Matrix<double> A = random_matrix(random, 3, 5);
    const Matrix<double> rad = Matrix<double>::Constant(3, 5, 0x1p-4);
    const FastInterval enclosure = norm_enclosure(BallMatrix(A, rad));
    for (int corner = 0; corner < 8; ++corner) {
      Matrix<double> B = A;
      for (double& x : B.reshaped()) x += random.integer(0, 1) == 0 ? 0x1p-4 : -0x1p-4;
      const NormBounds inside = spectral_norm(exact(B));
      CHECK(Rational(enclosure.lower()) <= inside.upper);
      CHECK(inside.lower <= Rational(enclosure.upper()));
    }
  }
}

TEST_CASE("vectors") {
  Matrix<double> v(2, 1);
  v << 3, -4;
  CHECK(euclidean_norm(BallMatrix(v)).contains(FastInterval(5)));
}

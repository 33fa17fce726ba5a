#include <doctest/doctest.h>

#include <limits>

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
               multiply(Matrix<Rational>(exact(X).transpose()), exact(Y)));
  }
}

TEST_CASE("a known matrix - extreme scales and the zero matrix") {
  Matrix<double> A(2, 2);
  A << 3, 4, 0, 5;  // singular values sqrt(45) and sqrt(5)
  CHECK(norm_enclosure(BallMatrix(A)).contains(FastInterval(6.708203932499369)));
  check_norm(norm_enclosure(BallMatrix(A * 0x1p-300)), exact(A * 0x1p-300));
  check_norm(norm_enclosure(BallMatrix(A * 0x1p+300)), exact(A * 0x1p+300));
  CHECK(norm_enclosure(BallMatrix(Matrix<double>(Matrix<double>::Zero(3, 2)))).upper() == 0);
  // The square would overflow.
  check_norm(norm_enclosure(BallMatrix(A * 0x1p+600)), exact(A * 0x1p+600));
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

TEST_CASE("norms of rows contain those of every matrix of a ball - whatever the scale") {
  RandomNumbers random(2410);
  for (int i = 0; i < 20; ++i) {
    const Matrix<double> A = random_matrix(random, random.integer(1, 6), random.integer(1, 9));
    for (const double scale : {0x1p-300, 1.0, 0x1p+300}) {
      const double step = i % 2 == 0 ? 0 : 0x1p-4 * scale;
      const Matrix<double> mid = A * scale;
      const auto norms = row_norms(BallMatrix(mid, Matrix<double>::Constant(A.rows(), A.cols(), step)));
      REQUIRE(norms.size() == static_cast<std::size_t>(A.rows()));
      Matrix<Rational> B = exact(mid);
      for (Rational& x : B.reshaped()) x += Rational(step) * random.integer(-1, 1);
      for (Index row = 0; row < A.rows(); ++row) {
        const FastInterval& norm = norms[static_cast<std::size_t>(row)];
        const Rational square = B.row(row).cwiseAbs2().sum();
        const Rational lower(norm.lower()), upper(norm.upper());
        CHECK(lower * lower <= square);
        CHECK(square <= upper * upper);
        if (step == 0) CHECK(norm.upper() - norm.lower() <= 1e-14 * norm.upper() + 0x1p-499);
      }
    }
  }
}

TEST_CASE("norms of rows whose squares leave the range, and of rows of which nothing is known") {
  const double infinity = std::numeric_limits<double>::infinity();
  Matrix<double> mid = Matrix<double>::Zero(3, 2), rad = mid;
  mid.row(0) << 0x1p+600, 0x1p+600;  // the norm is 2^600.5
  mid.row(1) << 0x1p-600, 0x1p-600;
  rad(2, 1) = infinity;
  const auto norms = row_norms(BallMatrix(mid, rad));
  CHECK(norms[0].lower() <= 0x1p+600);
  CHECK(norms[0].upper() == infinity);
  CHECK(norms[1].lower() <= 0x1p-600);
  CHECK(norms[1].upper() >= 0x1p-599);
  CHECK(norms[2].lower() == 0);
  CHECK(norms[2].upper() == infinity);
}

TEST_CASE("vectors") {
  Matrix<double> v(2, 1);
  v << 3, -4;
  CHECK(euclidean_norm(BallMatrix(v)).contains(FastInterval(5)));
}

TEST_CASE("norms of hundreds of rows: matrices whose norm is known, whatever the scale") {
  // Reflections by (1, ..., 1)/16 on both sides of a diagonal of whole numbers: exact in binary64.
  constexpr Index n = 256;
  const Matrix<double> reflection =
      Matrix<double>::Identity(n, n) - Matrix<double>::Constant(n, n, 1.0 / 128);
  RandomNumbers random(2409);
  for (const long beside : {1L, 900L, 999L, 1000L}) {  // the second singular value: far, near, nearer, equal
    Vector<double> values(n);
    for (double& x : values) x = static_cast<double>(random.integer(0, beside));
    values(0) = static_cast<double>(beside);
    values(n - 1) = -1000;
    const Matrix<double> square = reflection * values.asDiagonal() * reflection;
    for (const double scale : {1.0, 0x1p-1000, 0x1p+900}) {
      const FastInterval norm = norm_enclosure(BallMatrix(Matrix<double>(square * scale)));
      CHECK(norm.lower() <= 1000 * scale);
      CHECK(norm.upper() >= 1000 * scale);
      CHECK(norm.upper() - norm.lower() <= 1e-9 * norm.upper());
    }
    // Rows of zeros, more columns than rows, more rows than columns.
    Matrix<double> wide = Matrix<double>::Zero(n, 3 * n);
    wide.middleCols(n, n) = square;
    for (const Matrix<double>& A : {wide, Matrix<double>(wide.transpose())}) {
      const FastInterval norm = norm_enclosure(BallMatrix(A));
      CHECK(norm.lower() <= 1000);
      CHECK(norm.upper() >= 1000);
      CHECK(norm.upper() - norm.lower() <= 1e-9 * norm.upper());
    }
    // A ball around it: every matrix of the ball, the one that is larger by the radius along one entry too.
    const Matrix<double> radius = Matrix<double>::Constant(n, n, 0x1p-10);
    const FastInterval ball = norm_enclosure(BallMatrix(square, radius));
    CHECK(ball.upper() >= 1000);
    CHECK(ball.lower() <= 1000 - 0.2);
    CHECK(ball.upper() <= 1000 + 0.251);
  }
}

TEST_CASE("norms: zeros, one entry, and what is not finite") {
  CHECK(norm_enclosure(BallMatrix(Matrix<double>(Matrix<double>::Zero(3, 5)))).upper() == 0);
  CHECK(norm_enclosure(BallMatrix(Matrix<double>(Matrix<double>::Constant(1, 1, -0x1p-1074))))
            .contains(Rational(0x1p-1074)));
  const FastInterval largest =
      norm_enclosure(BallMatrix(Matrix<double>(Matrix<double>::Constant(1, 2, 0x1.8p+1022))));
  CHECK(largest.lower() >= 0x1p+1022);
  CHECK(largest.upper() >= 0x1.8p+1022);
  Matrix<double> holed = Matrix<double>::Ones(2, 2);
  holed(0, 1) = std::numeric_limits<double>::quiet_NaN();
  const FastInterval unknown = norm_enclosure(BallMatrix(holed));
  CHECK(unknown.lower() <= 0);
  CHECK(std::isinf(unknown.upper()));
}

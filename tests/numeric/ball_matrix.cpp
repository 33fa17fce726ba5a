#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/numeric/matrices/ball_matrix.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Matrix<Rational> exact_matrix(const Matrix<double>& A) {
  return A.unaryExpr([](double x) { return Rational(x); });
}

void check_contains(const BallMatrix& ball, const Matrix<Rational>& points) {
  for (Index column = 0; column < ball.cols(); ++column) {
    for (Index row = 0; row < ball.rows(); ++row)
      CHECK(ball.entry(row, column).contains(points(row, column)));
  }
}

/// Entries of very different sizes, so that rounding and cancellation matter.
Matrix<double> wild_matrix(RandomNumbers& random, Index rows, Index columns) {
  Matrix<double> A(rows, columns);
  for (double& x : A.reshaped()) {
    x = std::ldexp(random.rational(-1, 1).convert_to<double>(), static_cast<int>(random.integer(-40, 40)));
  }
  return A;
}

}  // namespace

TEST_CASE("products and differences contain the exact ones") {
  RandomNumbers random(2411);
  for (int i = 0; i < 30; ++i) {
    const Index n = random.integer(1, 20);
    const Matrix<double> A = wild_matrix(random, 3, n), B = wild_matrix(random, n, 2);
    const BallMatrix product = BallMatrix(A) * BallMatrix(B);
    check_contains(product, multiply(exact_matrix(A), exact_matrix(B)));
    check_contains(BallMatrix(A) - product * BallMatrix(wild_matrix(random, 2, n) * 0), exact_matrix(A));
    // Points inside the balls: an end of each.
    const BallMatrix C(A, A.cwiseAbs() * 0x1p-6), D(B, B.cwiseAbs() * 0x1p-3);
    const Matrix<double> inside_A = A * (1 - 0x1p-6), inside_B = B * (1 + 0x1p-3);
    check_contains(C * D, multiply(exact_matrix(inside_A), exact_matrix(inside_B)));
  }
}

TEST_CASE("sums that cancel keep the exact value inside where binary64 loses it") {
  Matrix<double> A(1, 3), B(3, 1);
  A << 0x1p60, 1, -0x1p60;
  B << 1, 0x1p-3, 1;
  CHECK((BallMatrix(A) * BallMatrix(B)).entry(0, 0).contains(Rational(1, 8)));
  // Underflow of every product.
  A.setConstant(0x1p-600);
  B.setConstant(0x1p-600);
  CHECK(
      (BallMatrix(A) * BallMatrix(B)).entry(0, 0).contains(multiply(exact_matrix(A), exact_matrix(B))(0, 0)));
}

TEST_CASE("intervals become balls around them and overflow becomes ignorance") {
  Matrix<FastInterval> x(1, 3);
  x << FastInterval(0.1, 0.3), FastInterval(2), FastInterval::whole_line();
  const BallMatrix ball = BallMatrix::around(x);
  CHECK(ball.entry(0, 0).contains(x(0, 0)));
  CHECK(ball.rad()(0, 0) < 0.1 + 1e-15);
  CHECK(ball.rad()(0, 1) == 0);
  CHECK(ball.entry(0, 2).contains(FastInterval::whole_line()));
  Matrix<double> A(1, 1);
  A << 0x1p1000;
  const BallMatrix large = BallMatrix(A) * BallMatrix(A);
  CHECK(large.entry(0, 0).contains(FastInterval::whole_line()));
  CHECK((large * BallMatrix(A * 0)).entry(0, 0).contains(FastInterval(0)));
}

TEST_CASE("square roots") {
  CHECK(sqrt(FastInterval(2)).contains(FastInterval(std::sqrt(2.0))));
  CHECK(sqrt(FastInterval(-1, 4)).lower() == 0);
  CHECK(sqrt(FastInterval(-1, 4)).upper() >= 2);
  CHECK(sqrt(FastInterval(-2, -1)).contains(FastInterval::whole_line()));
  const FastInterval root = sqrt(FastInterval(3));
  CHECK(Rational(root.lower()) * Rational(root.lower()) < 3);
  CHECK(Rational(root.upper()) * Rational(root.upper()) > 3);
}

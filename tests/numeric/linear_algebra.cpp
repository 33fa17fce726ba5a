#include <doctest/doctest.h>

#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE(
    "products of random thin factors have the rank of the factors - kernel and solutions satisfy their "
    "equations") {
  RandomNumbers random(31);
  for (int trial = 0; trial < 60; ++trial) {
    const Index rows = random.integer(1, 7);
    const Index columns = random.integer(1, 7);
    const Index inner = random.integer(1, std::min(rows, columns));
    // Unit triangular beside anything: full rank for certain.
    Matrix<Rational> left = random.matrix(rows, inner);
    left.topRows(inner) = Matrix<Rational>::Identity(inner, inner);
    Matrix<Rational> right = random.matrix(inner, columns);
    right.rightCols(inner) = Matrix<Rational>::Identity(inner, inner);
    const Matrix<Rational> A = left * right;
    CHECK(rank(A) == inner);
    const Matrix<Rational> null = kernel(A);
    CHECK(null.cols() == columns - inner);
    CHECK((A * null).isZero(0));
    if (null.cols() > 0) CHECK(rank(null) == null.cols());
    const Matrix<Rational> B = A * random.matrix(columns, 2);
    CHECK(A * generalized_inverse(A) * A == A);
    const auto X = solve(A, B);
    REQUIRE(X.has_value());
    CHECK(A * *X == B);
    if (inner < rows) {
      // A vector orthogonal to the image is not in it.
      const Matrix<Rational> outside = kernel(Matrix<Rational>(A.transpose())).col(0);
      CHECK_FALSE(solve(A, outside).has_value());
    }
  }
}

TEST_CASE("inverse: the Hilbert matrix whose binary64 inverse is worthless and a singular matrix") {
  const Index n = 15;
  const Matrix<Rational> H =
      Matrix<Rational>::NullaryExpr(n, n, [](Index i, Index j) { return Rational(1, i + j + 1); });
  const auto inverted = inverse(H);
  REQUIRE(inverted.has_value());
  CHECK(H * *inverted == Matrix<Rational>::Identity(n, n));
  CHECK((*inverted)(0, 0) == n * n);  // the known corner of the inverse
  CHECK_FALSE(inverse(Matrix<Rational>::Ones(3, 3)).has_value());
  CHECK(rank(Matrix<Rational>::Zero(3, 2)) == 0);
}

TEST_CASE("determinants: by the permutation formula and multiplicative") {
  RandomNumbers random(33);
  for (int trial = 0; trial < 30; ++trial) {
    Matrix<Rational> A = random.matrix(3, 3);
    if (trial % 3 == 0) A(0, 0) = 0;  // the elimination must swap rows
    const Matrix<Rational> B = random.matrix(3, 3);
    const Rational expected = A(0, 0) * (A(1, 1) * A(2, 2) - A(1, 2) * A(2, 1)) -
                              A(0, 1) * (A(1, 0) * A(2, 2) - A(1, 2) * A(2, 0)) +
                              A(0, 2) * (A(1, 0) * A(2, 1) - A(1, 1) * A(2, 0));
    CHECK(determinant(A) == expected);
    CHECK(determinant(A * B) == expected * determinant(B));
  }
  CHECK(determinant(Matrix<Rational>::Ones(3, 3)) == 0);
  CHECK(determinant(Matrix<Rational>(0, 0)) == 1);
}

TEST_CASE("enclosed solutions contain the exact solution of every matrix of the enclosure or are refused") {
  RandomNumbers random(37);
  const WorkingPrecision scope(100);
  for (int trial = 0; trial < 40; ++trial) {
    const Index n = random.integer(1, 6);
    const Matrix<Rational> A = random.matrix(n, n) + Matrix<Rational>(2 * Matrix<Rational>::Identity(n, n));
    const Matrix<Rational> B = random.matrix(n, 2);
    const Rational radius(1, 1000000);
    const auto widened = [&](const Matrix<Rational>& centre) {
      return Matrix<Interval>(centre.unaryExpr([&](const Rational& x) {
        return Interval(Interval(Rational(x - radius)), Interval(Rational(x + radius)));
      }));
    };
    const auto enclosed = enclose_solution(widened(A), widened(B));
    const auto tight = enclose_solution(from_rational<Interval>(A), from_rational<Interval>(B));
    const auto exact = solve(A, B);
    const Matrix<Rational> near_A = A + random.matrix(n, n, -radius, radius);
    const Matrix<Rational> near_B = B + random.matrix(n, 2, -radius, radius);
    const auto other = solve(near_A, near_B);
    if (!enclosed || !other) continue;
    REQUIRE(tight.has_value());
    for (Index i = 0; i < exact->size(); ++i) {
      CHECK((*enclosed)(i).contains((*exact)(i)));
      CHECK((*enclosed)(i).contains((*other)(i)));
      CHECK((*tight)(i).contains((*exact)(i)));
      CHECK((*enclosed)(i).contains((*tight)(i)));
      CHECK((*tight)(i).is_relatively_tight(60));
    }
  }
  CHECK_FALSE(enclose_solution(Matrix<Interval>::Ones(2, 2), Matrix<Interval>::Ones(2, 1)).has_value());
}

TEST_CASE("a Hilbert system is refused in few bits and solved in many") {
  const Index n = 12;
  const Matrix<Rational> H =
      Matrix<Rational>::NullaryExpr(n, n, [](Index i, Index j) { return Rational(1, i + j + 1); });
  const Matrix<Rational> b = Matrix<Rational>::Ones(n, 1);
  const auto at = [&](long bits) {
    const WorkingPrecision scope(bits);
    return enclose_solution(from_rational<Interval>(H), from_rational<Interval>(b));
  };
  CHECK_FALSE(at(40).has_value());
  const auto enclosed = at(160);
  REQUIRE(enclosed.has_value());
  const auto exact = solve(H, b);
  for (Index i = 0; i < n; ++i) CHECK((*enclosed)(i).contains((*exact)(i)));
}

#include <doctest/doctest.h>

#include <random>

#include <promptbound/numeric/rational_algebra.hpp>

using namespace promptbound;

namespace {

Matrix<Rational> random_matrix(std::mt19937_64& random, Index rows, Index columns) {
  Matrix<Rational> M(rows, columns);
  for (Rational& entry : M.reshaped()) {
    entry = Rational(static_cast<long>(random() % 9) - 4, static_cast<long>(random() % 3) + 1);
  }
  return M;
}

}  // namespace

TEST_CASE("a product of full-rank factors has their common rank, kernel and solutions") {
  std::mt19937_64 random(21);
  for (int i = 0; i < 100; ++i) {
    const auto rows = static_cast<Index>(random() % 6 + 1), columns = static_cast<Index>(random() % 6 + 1);
    const Index inner = std::min<Index>(static_cast<Index>(random() % 6), std::min(rows, columns));
    // Unit triangular blocks give factors whose rank is known without computing it.
    Matrix<Rational> left = random_matrix(random, rows, inner), right = random_matrix(random, inner, columns);
    for (Index a = 0; a < inner; ++a) {
      for (Index b = 0; b < inner; ++b) {
        if (b > a) left(a, b) = 0;
        if (b < a) right(a, b) = 0;
      }
      left(a, a) = right(a, a) = 1;
    }
    const Matrix<Rational> M = multiply(left, right);
    CHECK(rank(M) == inner);
    const Matrix<Rational> basis = kernel(M);
    CHECK(basis.cols() == columns - inner);
    CHECK(rank(basis) == basis.cols());
    CHECK(multiply(M, basis) == Matrix<Rational>::Zero(rows, basis.cols()));
    CHECK(multiply(multiply(M, generalized_inverse(M)), M) == M);
    const Matrix<Rational> image = multiply(M, random_matrix(random, columns, 1));
    const auto x = solve(M, Vector<Rational>(image.col(0)));
    REQUIRE(x.has_value());
    CHECK(multiply(M, Matrix<Rational>(*x)) == image);
    const Matrix<Rational> left_kernel = kernel(Matrix<Rational>(M.transpose()));
    if (left_kernel.cols() > 0) {
      // A vector of the left kernel is orthogonal to the image, so it is no image itself.
      CHECK_FALSE(solve(M, Vector<Rational>(left_kernel.col(0))).has_value());
    }
  }
}

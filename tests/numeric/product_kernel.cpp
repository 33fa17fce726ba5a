#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/numeric/eigen.hpp>
#include <promptbound/numeric/matrices/product_kernel.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Matrix<double> random_matrix(RandomNumbers& random, Index rows, Index columns) {
  Matrix<double> A(rows, columns);
  for (double& x : A.reshaped()) x = static_cast<double>(random.integer(-1000000, 1000000)) / 1000003;
  return A;
}

}  // namespace

TEST_CASE("products stay within their error bound at every border of the blocks") {
  RandomNumbers random(4101);
  // One less, as many and one more than tiles and blocks hold, for 2, 4 and 8 lanes.
  for (const Index m : {1L, 5L, 6L, 7L, 12L, 24L, 25L, 95L, 96L, 97L, 193L}) {
    for (const Index n : {1L, 3L, 4L, 5L, 8L, 9L, 70L}) {
      for (const Index depth : {1L, 2L, 255L, 256L, 257L, 513L}) {
        const Matrix<double> A = random_matrix(random, m, depth), B = random_matrix(random, depth, n);
        const Matrix<double> A_transposed = A.transpose(), B_transposed = B.transpose();
        Matrix<double> C = Matrix<double>::Constant(m + 3, n, 7);
        C.topRows(m).setZero();
        if (depth % 2 == 0) {
          add_product({A.data(), 1, m}, {B.data(), 1, depth}, m, n, depth, false, C.data(), m + 3);
        } else {
          add_product({A_transposed.data(), depth, 1}, {B_transposed.data(), n, 1}, m, n, depth, false,
                      C.data(), m + 3);
        }
        bool within = C.bottomRows(3) == Matrix<double>::Constant(3, n, 7);
        const double gamma = static_cast<double>(depth) * 0x1p-52;
        for (Index i = 0; i < m; ++i) {
          for (Index j = 0; j < n; ++j) {
            long double exact = 0, size = 0;
            for (Index k = 0; k < depth; ++k) {
              const long double term = static_cast<long double>(A(i, k)) * static_cast<long double>(B(k, j));
              exact += term;
              size += std::fabs(term);
            }
            within = within && std::fabs(static_cast<long double>(C(i, j)) - exact) <= gamma * size;
          }
        }
        CHECK(within);
      }
    }
  }
}

TEST_CASE("what is added is added: small whole numbers are exact") {
  RandomNumbers random(4102);
  for (int i = 0; i < 20; ++i) {
    const Index n = random.integer(1, 120), depth = random.integer(1, 300);
    const Matrix<double> X =
        random.matrix(n, depth).cast<double>().unaryExpr([](double x) { return std::floor(8 * x); });
    const Matrix<double> start = Matrix<double>::Identity(n, n) * 5;
    Matrix<double> whole = start, lower = start;
    add_product({X.data(), 1, n}, {X.data(), n, 1}, n, n, depth, false, whole.data(), n);
    add_product({X.data(), 1, n}, {X.data(), n, 1}, n, n, depth, true, lower.data(), n);
    CHECK(whole == Matrix<double>(start + X * X.transpose()));
    bool same = true;
    for (Index column = 0; column < n; ++column)
      same = same && lower.col(column).tail(n - column) == whole.col(column).tail(n - column);
    CHECK(same);
  }
}

#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/numeric/matrices/twofold_matrix.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Rational exact_value(const Twofold& x) { return Rational(x.hi) + Rational(x.lo); }

/// hi + lo of a number that no binary64 number is, of any size up to 2^spread and beyond 2^-spread.
Twofold number(RandomNumbers& random, long spread) {
  const double high = std::ldexp(random.rational(-1, 1).convert_to<double>(),
                                 static_cast<int>(random.integer(-spread, spread)));
  return exact_sum(high, high * 0x1p-54 * random.rational(-1, 1).convert_to<double>());
}

TwofoldMatrix matrix(RandomNumbers& random, Index rows, Index columns, long spread) {
  TwofoldMatrix M(rows, columns);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < rows; ++i) M.set(i, j, number(random, spread));
  }
  return M;
}

}  // namespace

TEST_CASE("sums and products of two binary64 numbers keep a hundred bits") {
  RandomNumbers random(31);
  for (int k = 0; k < 3000; ++k) {
    const Twofold x = number(random, 30), y = number(random, 30);
    const Rational sum = exact_value(x) + exact_value(y), product = exact_value(x) * exact_value(y),
                   unit(twofold_unit);
    CHECK(abs(exact_value(x + y) - sum) <= unit * abs(sum));
    CHECK(abs(exact_value(x - y) - (exact_value(x) - exact_value(y))) <=
          unit * abs(exact_value(x) - exact_value(y)));
    CHECK(abs(exact_value(x * y) - product) <= unit * abs(product));
  }
}

TEST_CASE("products by slices stay within their error") {
  RandomNumbers random(32);
  for (const long spread : {0L, 3L, 20L, 200L}) {
    for (const Index depth : {1, 2, 7, 65, 300}) {
      CAPTURE(spread);
      CAPTURE(depth);
      const TwofoldMatrix A = matrix(random, 5, depth, spread), B = matrix(random, depth, 3, spread);
      const Slices left = Slices::of_rows(A), right = Slices::of_columns(B);
      TwofoldMatrix C(5, 3);
      multiply_rows(left, right, 0, 2, C);
      multiply_rows(left, right, 2, 3, C);
      const Vector<double> error = product_error(left, right);
      for (Index j = 0; j < 3; ++j) {
        Rational square = 0, size = 0;
        for (Index i = 0; i < 5; ++i) {
          Rational entry = 0, whole = 0;
          for (Index k = 0; k < depth; ++k) {
            entry += exact_value(A(i, k)) * exact_value(B(k, j));
            whole += abs(exact_value(A(i, k)) * exact_value(B(k, j)));
          }
          const Rational off = entry - exact_value(C(i, j));
          square += off * off;
          size += whole;
        }
        CHECK(square <= Rational(error(j)) * Rational(error(j)));
        // Entries of one size: nearly the digits of the operands are kept.
        if (spread == 0) CHECK(Rational(error(j)) <= Rational(0x1p-70) * size);
      }
    }
  }
}

TEST_CASE("whole numbers are multiplied exactly") {
  RandomNumbers random(33);
  Matrix<double> A(4, 200), B(200, 4);
  for (double& x : A.reshaped()) x = static_cast<double>(random.integer(-(1L << 30), 1L << 30));
  for (double& x : B.reshaped()) x = static_cast<double>(random.integer(-(1L << 30), 1L << 30));
  TwofoldMatrix C(4, 4);
  multiply_rows(Slices::of_rows(TwofoldMatrix(A)), Slices::of_columns(TwofoldMatrix(B)), 0, 4, C);
  for (Index i = 0; i < 4; ++i) {
    for (Index j = 0; j < 4; ++j) {
      Rational entry = 0;
      for (Index k = 0; k < 200; ++k) entry += Rational(A(i, k)) * Rational(B(k, j));
      CHECK(exact_value(C(i, j)) == entry);
    }
  }
}

TEST_CASE("nothing is known of products with infinities") {
  Matrix<double> A = Matrix<double>::Ones(2, 3);
  A(0, 1) = std::numeric_limits<double>::infinity();
  const Slices left = Slices::of_rows(TwofoldMatrix(A)),
               right = Slices::of_columns(TwofoldMatrix(Matrix<double>::Ones(3, 1)));
  CHECK(std::isinf(product_error(left, right)(0)));
}

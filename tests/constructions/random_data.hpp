/// Random exact data for the tests.
#pragma once

#include <random>

#include <promptbound/numeric/linear_algebra.hpp>

namespace promptbound::testing {

/// A rational in [-size, size] whose denominator divides `denominator`.
inline Rational random_rational(std::mt19937_64& random, long size, long denominator) {
  const long range = 2 * size * denominator + 1;
  return Rational(static_cast<long>(random() % static_cast<unsigned long>(range)) - size * denominator,
                  denominator);
}

inline Matrix<Rational> random_matrix(std::mt19937_64& random, Index rows, Index columns, long size,
                                      long denominator) {
  Matrix<Rational> M(rows, columns);
  for (Rational& entry : M.reshaped()) entry = random_rational(random, size, denominator);
  return M;
}

inline Matrix<Rational> random_invertible(std::mt19937_64& random, Index d, long size, long denominator) {
  Matrix<Rational> M;
  do {
    M = random_matrix(random, d, d, size, denominator);
  } while (rank(M) < d);
  return M;
}

}  // namespace promptbound::testing

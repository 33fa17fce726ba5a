/// Entries of random models and data.
#pragma once

#include <random>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Draws a matrix of multiples of 1/7 from -3/7 to 3/7: short exact numbers, some of them equal, some 0.
[[nodiscard]] inline Matrix<Rational> random_sevenths(Index rows, Index cols, std::mt19937_64& random) {
  return Matrix<Rational>::NullaryExpr(rows, cols,
                                       [&] { return Rational(static_cast<long>(random() % 7) - 3, 7); });
}

}  // namespace promptbound

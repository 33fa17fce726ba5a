/// The feed-forward block that reads a token's digits (FFN 1 of theory items 5.1 and 5.6).
#pragma once

#include <functional>

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// The steps: k cells per coordinate; token j holds its content x in [0,1]^d shifted to x + 2j. The
/// digit of x_c is min(floor(k x_c), k - 1) + 1, reached by ramps on [i/k - eta, i/k], i = 1..k-1.
struct Grid {
  Index d = 0;
  long tokens = 0;  ///< T
  long k = 0;
  Rational eta;  ///< 0 < eta < 1/(2k)

  /// Throws InputError naming the parameter that is out of range.
  void check() const;
};

/// level(c, j, i): what coordinate c of token j adds when its digit is i, 1 <= i <= k.
using Levels = std::function<Rational(Index, long, long)>;

/// Returns tokens moved to their positions: column j becomes Z_j + 2 (first + j) on each of the first d
/// coordinates.
[[nodiscard]] Matrix<Rational> positioned(const Matrix<Rational>& Z, Index d, long first);

/// The digit of a content x in [0,1], and how far x has climbed the ramp to the next one: [0, 1).
struct Step {
  long digit = 1;
  Rational fraction;
};
[[nodiscard]] Step step_of(const Grid& grid, const Rational& x);

/// Returns the block that maps a positioned token to (sum_c level(c, j, digit of x_c), 0, ..., 0), linearly
/// on the ramps and, between positions, on [2j+1, 2j+2]. Coordinates from d on, if the width is larger, stay.
/// Hidden width d (2 T k - 1).
[[nodiscard]] FeedForward<Rational> staircase_block(const Grid& grid, Index width, const Levels& level);

}  // namespace promptbound

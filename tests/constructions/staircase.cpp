#include <doctest/doctest.h>

#include <promptbound/constructions/staircase.hpp>
#include <promptbound/numeric/error.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE(
    "the block maps every positioned token to its level - linearly on the ramps and keeps what stands "
    "behind") {
  RandomNumbers random(43);
  for (const auto& size : {std::tuple(1L, 1L, 1L), {1L, 3L, 4L}, {2L, 3L, 2L}, {3L, 2L, 3L}}) {
    const long d = std::get<0>(size), tokens = std::get<1>(size), k = std::get<2>(size);
    const Grid grid{d, tokens, k, Rational(1, 3 * k)};
    grid.check();
    // Arbitrary levels: the block must work for all of them.
    std::vector<Rational> heights(static_cast<std::size_t>(d * tokens * (k + 1)));
    for (Rational& height : heights) height = random.rational(-5, 5);
    const Levels level = [&](Index c, long j, long i) {
      return heights[static_cast<std::size_t>((c * tokens + j) * (k + 1) + i)];
    };
    const FeedForward<Rational> block = staircase_block(grid, d + 1, level);
    CHECK(block.W_1.rows() == d * (2 * tokens * k - 1));
    for (int trial = 0; trial < 30; ++trial) {
      Matrix<Rational> content = random.matrix(d + 1, tokens, 0, 1);
      if (trial == 0) content.setZero();
      if (trial == 1) content.setOnes();
      if (trial == 2) content.setConstant(Rational(1, k));
      const Matrix<Rational> out = feed_forward_block(block, positioned(content, d, 0));
      for (long j = 0; j < tokens; ++j) {
        Rational expected;
        for (Index c = 0; c < d; ++c) {
          const Rational& x = content(c, j);
          // The digit by its definition, the ramp by its two ends.
          long digit = 1;
          while (digit < k && x >= Rational(digit, k)) ++digit;
          expected += level(c, j, digit);
          const Rational start = Rational(digit, k) - grid.eta;
          if (digit < k && x > start) {
            expected += (level(c, j, digit + 1) - level(c, j, digit)) * (x - start) / grid.eta;
          }
          const Step step = step_of(grid, x);
          CHECK(step.digit == digit);
          CHECK(step.fraction == (digit < k && x > start ? Rational((x - start) / grid.eta) : Rational(0)));
        }
        CHECK(out(0, j) == expected);
        for (Index c = 1; c < d; ++c) CHECK(out(c, j) == 0);
        CHECK(out(d, j) == content(d, j));
      }
    }
  }
}

TEST_CASE("ramps as wide as a cell are refused") {
  CHECK_THROWS_WITH_AS((Grid{1, 1, 5, Rational(1, 10)}).check(),
                       "eta: 1/10 (accepted: 0 < eta < 1/(2k) = 1/10)", InputError);
  CHECK_THROWS_AS((Grid{1, 1, 0, Rational(1, 10)}).check(), InputError);
  CHECK_THROWS_AS(static_cast<void>(step_of(Grid{1, 1, 2, Rational(1, 8)}, Rational(-1, 8))), InputError);
}

// Theory 5.9: the register operations that packed_lookup.cpp does not cover, on their whole domains, by the
// weights and by the operations.
#include <doctest/doctest.h>

#include <vector>

#include <promptbound/constructions/lookup/register_block.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/transformer.hpp>

using namespace promptbound;

namespace {

/// A token of two registers behind the constant, row 0, after the block: the same by both ways.
Vector<Rational> after_both(const RegisterBlock& block, const Rational& first, const Rational& second) {
  Matrix<Rational> token(3, 1);
  token(0, 0) = 1;
  token(1, 0) = first;
  token(2, 0) = second;
  Vector<Rational> by_operations = block.after(Vector<Rational>(token.col(0)));
  const Matrix<Rational> by_weights = feed_forward_block(block.feed_forward(), token);
  CHECK(by_weights == Matrix<Rational>(by_operations));
  return by_operations;
}

}  // namespace

TEST_CASE("a copy - the positive part of a register - on its whole domain") {
  RegisterBlock block{3, EntryForm::entry(0)};
  block.add_relu(EntryForm::entry(1), EntryForm::entry(2));
  for (long x = -9; x <= 9; ++x) {
    for (const long before : {-2, 0, 5}) {
      const Vector<Rational> token = after_both(block, x, before);
      CHECK(token(1) == x);
      CHECK(token(2) == before + (x > 0 ? x : 0));
    }
  }
}

TEST_CASE("the staircase digit of every number and of every base") {
  // Theory 5.9: the top digit of u = N/B^J + 1/(2 B^J) is the number of i in 1..B-1 with u >= i/B. Ramps of
  // half-width 1/(4 B^J) about each i/B leave it exact under noise of at most 1/(4 B^J).
  for (const long base : {2L, 3L, 5L}) {
    for (long digits = 1; digits <= 3; ++digits) {
      long count = 1;
      for (long j = 0; j < digits; ++j) count *= base;
      const Rational noise(1, 4 * count);
      std::vector<Ramp> ramps;
      for (long i = 1; i < base; ++i) {
        const Rational border(i, base);
        ramps.push_back({border - noise, border + noise});
      }
      RegisterBlock block{3, EntryForm::entry(0)};
      block.add_staircase(EntryForm::entry(1), ramps, EntryForm::entry(2));
      CHECK(block.units() == 2 * (base - 1));
      for (long number = 0; number < count; ++number) {
        for (const int side : {-1, 0, 1}) {
          const Rational u = Rational(2 * number + 1, 2 * count) + side * noise;
          CHECK(after_both(block, u, 0)(2) == number / (count / base));
        }
      }
    }
  }
}

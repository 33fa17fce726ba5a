#include <doctest/doctest.h>

#include <promptbound/transformer/feed_forward_inverse.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

FeedForward<Rational> random_block(RandomNumbers& random, Index d, Index width, const Rational& size) {
  return {random.matrix(width, d, -size, size), random.matrix(width, 1), random.matrix(d, width, -size, size),
          random.matrix(d, 1)};
}

Vector<Rational> image(const FeedForward<Rational>& block, const Vector<Rational>& x) {
  return feed_forward_block(block, Matrix<Rational>(x)).col(0);
}

}  // namespace

TEST_CASE("blocks of every certified kind return the point they were given and expand as stated") {
  RandomNumbers random(41);
  int enumerated = 0;
  for (int i = 0; i < 60; ++i) {
    const Index d = random.integer(1, 4), width = random.integer(1, 5);
    FeedForward<Rational> block =
        random_block(random, d, width, i % 3 == 1 ? Rational(1, 3 * std::max(d, width)) : Rational(2, 3));
    if (i % 3 == 2) {  // reads the first half, writes to the second
      block.W_1.rightCols(d - d / 2).setZero();
      block.W_2.topRows(d / 2).setZero();
    }
    const BlockInjectivity known = block_injectivity(block);
    if (i % 3 != 0) REQUIRE(known.injective);
    if (!known.injective) continue;
    enumerated += i % 3 == 0 ? 1 : 0;
    const Vector<Rational> x = 3 * random.matrix(d, 1), y = 3 * random.matrix(d, 1);
    CHECK(block_preimage(block, image(block, x)) == x);
    const Rational before = (x - y).cwiseAbs().maxCoeff();
    CHECK((image(block, x) - image(block, y)).cwiseAbs().maxCoeff() >= known.expansion * before);
  }
  CHECK(enumerated > 3);
}

TEST_CASE("a folding block is not certified and a point off its image has no preimage") {
  // x - 2 relu(x): every y <= 0 has two preimages, no y > 0 has one.
  const Matrix<Rational> one = Matrix<Rational>::Ones(1, 1);
  const Vector<Rational> zero = Vector<Rational>::Zero(1);
  const FeedForward<Rational> fold{one, zero, -2 * one, zero};
  CHECK_FALSE(block_injectivity(fold).injective);
  CHECK_FALSE(block_preimage(fold, Vector<Rational>(one)).has_value());
  const Vector<Rational> y = -one.col(0);
  const auto x = block_preimage(fold, y);
  REQUIRE(x.has_value());
  CHECK(image(fold, *x) == y);
  // The fold in a wide block is beyond enumeration and stays uncertified.
  FeedForward<Rational> wide{Matrix<Rational>::Ones(13, 1), Vector<Rational>::Zero(13),
                             Matrix<Rational>::Constant(1, 13, Rational(-2, 13)), zero};
  CHECK_FALSE(block_injectivity(wide).injective);
}

// Equalities that no enclosure decides and algebra does.
#include <doctest/doctest.h>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/verify/memorization/memorization_floor.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// One layer with A = 0 and V = 1: the output is the query plus the mean of all keys.
Transformer<Rational> averaging(bool with_block) {
  const Matrix<Rational> one = Matrix<Rational>::Ones(1, 1), none = Matrix<Rational>::Zero(1, 1);
  Layer<Rational> layer;
  layer.heads = {{none, one, one, std::nullopt}};
  // x + relu(x)/2
  if (with_block)
    layer.ffn =
        FeedForward<Rational>{one, Vector<Rational>::Zero(1), one / Rational(2), Vector<Rational>::Zero(1)};
  return {1, {layer}, Mask::bidirectional};
}

/// Keys 1, 0, 0 around the query 1: the empty prompt's output is 4/3.
MemorizationData thirds(const Rational& target) {
  MemorizationExample example;
  example.tokens = Matrix<Rational>::Zero(1, 3);
  example.tokens(0, 0) = 1;
  example.query = 0;
  example.target = Vector<Rational>::Constant(1, target);
  return {example};
}

}  // namespace

TEST_CASE("an error that is exactly the accuracy is within it - one that is larger by 10^-50 is not") {
  const Rational less = Rational(1, 3) - Rational(Integer(1), power(Integer(10), 50));
  MemorizationAnswer answer = memorize(averaging(false), thirds(1), Rational(1, 3));
  CHECK(answer.verdict == Verdict::proved);
  REQUIRE(answer.prompt);
  CHECK(answer.prompt->cols() == 0);
  CHECK(answer.error->contains(Rational(1, 3)));
  CHECK(answer.certificate.empty());  // it would have to be believed: no enclosure shows it
  answer = memorize(averaging(false), thirds(1), less);
  CHECK((!answer.prompt || answer.prompt->cols() > 0));

  // 4/3 becomes 2.
  answer = memorize(averaging(true), thirds(Rational(5, 3)), Rational(1, 3));
  CHECK(answer.verdict == Verdict::proved);
  REQUIRE(answer.prompt);
  CHECK(answer.prompt->cols() == 0);
  answer = memorize(averaging(true), thirds(Rational(5, 3)), less);
  CHECK((!answer.prompt || answer.prompt->cols() > 0));
}

TEST_CASE("a floor that is attained at a single S_P is recognised: a level is refuted or reached") {
  RandomNumbers random(41);
  int reached = 0, refuted = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const Matrix<Rational> V = random.matrix(1, 1);
    const Vector<Rational> direction = random.matrix(1, 1);
    const Matrix<Rational> query = random.matrix(1, 1);
    std::vector<FloorExample> examples;
    for (int i = 0; i < 2; ++i) {
      Matrix<Rational> tokens = random.matrix(1, 3);
      tokens.col(0) = query;
      examples.push_back({attention_sums(V, direction, tokens), random.matrix(1, 1)});
    }
    // Equal examples are rows that are 0 everywhere.
    if (trial % 3 == 0) examples.push_back(examples.front());
    const MemorizationFloor floor(examples);
    // One pair of one coordinate: at level 0 its two rows vanish at the same s.
    const bool is_refuted = floor.refute(0).has_value();
    CHECK(is_refuted != floor.reaches(0));
    ++(is_refuted ? refuted : reached);
    const Rational half = floor.bounds(20, Rational(1, 1000)).lower / 2;
    if (half > 0) CHECK_FALSE(floor.reaches(half));
  }
  CHECK(refuted > 5);
  CHECK(reached > 5);
}

TEST_CASE("a verdict that the limit of the precision ends is unknown and says at how many bits") {
  const Matrix<Rational> one = Matrix<Rational>::Ones(1, 1);
  Layer<Rational> layer;
  layer.heads = {{one, one, one, std::nullopt}};
  const Transformer<Rational> model{1, {layer}, Mask::bidirectional};
  MemorizationExample example;
  example.tokens = Matrix<Rational>::Constant(1, 2, 1);
  example.tokens(0, 1) = 2;
  example.query = 0;
  example.target = Vector<Rational>::Constant(1, Rational(1, 2));
  MemorizationExample other = example;
  other.tokens(0, 1) = 3;
  other.target(0) = Rational(3, 4);
  const PrecisionLimit limit(2);
  const MemorizationAnswer answer = memorize(model, {example, other}, Rational(1, 10));
  CHECK(answer.verdict == Verdict::unknown);
  CHECK_MESSAGE(answer.why.ends_with("is not decided at 2 bits"), answer.why);
}

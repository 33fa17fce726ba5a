#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/constructions/impossible_pair.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/check_memorize.hpp>
#include <promptbound/verify/memorize.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Transformer<Rational> random_layer(RandomNumbers& random, Index d, bool with_block) {
  const auto small = [&] { return Rational(random.integer(-4, 4), 4); };
  const auto matrix = [&] { return Matrix<Rational>(Matrix<Rational>::NullaryExpr(d, d, small)); };
  Layer<Rational> layer;
  Matrix<Rational> V;
  do V = matrix();
  while (rank(V) < d);
  // Scores of moderate size, whatever d.
  layer.heads = {{matrix() / d, Matrix<Rational>::Identity(d, d), V, std::nullopt}};
  if (with_block) {
    const Rational size(1, 3 * d);
    layer.ffn = FeedForward<Rational>{random.matrix(d, d, -size, size), random.matrix(d, 1),
                                      random.matrix(d, d, -size, size), random.matrix(d, 1)};
  }
  return {d, {layer}, Mask::bidirectional};
}

Matrix<Rational> random_tokens(RandomNumbers& random, Index d, Index count) {
  return Matrix<Rational>::NullaryExpr(d, count, [&] { return Rational(random.integer(-8, 8), 8); });
}

/// Examples of two to four tokens around one query; targets are the outputs under the prompt, rounded to 60
/// digits.
MemorizationData data_of_prompt(RandomNumbers& random, const Transformer<Rational>& model,
                                const Matrix<Rational>& prompt, std::size_t count) {
  const WorkingPrecision scope(400);
  const Index d = model.width;
  const Transformer<Real> precise = from_rational<Real>(model);
  const Matrix<Real> precise_prompt = from_rational<Real>(prompt);
  const Matrix<Rational> query = random_tokens(random, d, 1);
  const Integer scale = power(Integer(10), 60);
  MemorizationData data;
  while (data.size() < count) {
    MemorizationExample example;
    example.tokens = random_tokens(random, d, random.integer(2, 4));
    example.query = random.integer(0, static_cast<long>(example.tokens.cols()) - 1);
    example.tokens.col(example.query) = query;
    const Matrix<Real> output =
        evaluate(precise, precise_prompt, from_rational<Real>(example.tokens)).col(example.query);
    example.target = output.unaryExpr(
        [&](const Real& x) { return Rational(Integer(round(Real(x * Real(scale)))), scale); });
    data.push_back(std::move(example));
  }
  return data;
}

CheckReport checked(const MemorizationAnswer& answer) {
  return check_memorization(parse_json(answer.certificate, "certificate"));
}

/// The maximum miss of the prompt in MPFR, straight from the model.
Real miss(const Transformer<Rational>& model, const MemorizationData& data, const Matrix<Rational>& prompt) {
  const WorkingPrecision scope(400);
  Real worst = 0;
  for (const MemorizationExample& example : data) {
    const Matrix<Real> output = evaluate(from_rational<Real>(model), from_rational<Real>(prompt),
                                         from_rational<Real>(example.tokens));
    for (Index c = 0; c < output.rows(); ++c) {
      worst = std::max<Real>(worst, abs(Real(output(c, example.query) - Real(example.target(c)))));
    }
  }
  return worst;
}

MemorizationData pair_data(const ImpossiblePair& pair) {
  return {{pair.first, 1, pair.first_output}, {pair.second, 1, pair.second_output}};
}

}  // namespace

TEST_CASE("200 impossible pairs are refused, at equality and just below the floor") {
  RandomNumbers random(91);
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    const Index d = random.integer(2, 16);
    const Transformer<Rational> model = random_layer(random, d, i % 4 == 0);
    const ImpossiblePair pair = impossible_pair(model);
    const Rational accuracy = i % 2 == 0 ? Rational(0) : Rational(pair.output_floor * Rational(999, 1000));
    const MemorizationAnswer answer = memorize(model, pair_data(pair), accuracy);
    REQUIRE(answer.verdict == Memorizable::impossible);
    const CheckReport report = checked(answer);
    CHECK(report.reason == "");
    CHECK(report.accepted);
    CHECK(answer.floor_lower <= pair.floor);
    CHECK(answer.floor_upper >= pair.floor);
    CHECK(answer.floor_upper - answer.floor_lower <= pair.floor / 1000000);
  }
}

TEST_CASE("200 data sets made by prompts of 1 to 40 tokens are memorized, never longer than the prompt") {
  RandomNumbers random(92);
  const Rational accuracy(Integer(1), power(Integer(10), 50));
  int decided = 0, longer = 0;
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    const Index d = random.integer(2, 16), tokens = i % 40 + 1;
    const Transformer<Rational> model = random_layer(random, d, i % 5 == 0);
    const MemorizationData data = data_of_prompt(random, model, random_tokens(random, d, tokens),
                                                 static_cast<std::size_t>(random.integer(2, 4)));
    const MemorizationAnswer answer = memorize(model, data, accuracy);
    CAPTURE(answer.why);
    REQUIRE(answer.verdict == Memorizable::possible);
    const Index length = answer.prompt->cols();
    CHECK(length <= tokens);
    CHECK(answer.least_length <= Integer(length));
    CHECK(miss(model, data, *answer.prompt) <= Real(accuracy));
    decided += answer.least_length == Integer(length) ? 1 : 0;
    longer += length > 1 ? 1 : 0;
    if (i % 4 == 0) {
      const CheckReport report = checked(answer);
      CHECK(report.reason == "");
      CHECK(report.accepted);
    }
  }
  CHECK(decided == 200);
  CHECK(longer > 150);
}

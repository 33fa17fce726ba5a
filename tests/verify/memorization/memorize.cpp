#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/constructions/impossible_pair.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

#include "effort.hpp"
#include "random.hpp"
#include "verify/mutate.hpp"

using namespace promptbound;

namespace {

Transformer<Rational> random_invertible_layer(RandomNumbers& random, Index d, bool with_block) {
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

Matrix<Rational> random_eighths(RandomNumbers& random, Index d, Index count) {
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
  const Matrix<Rational> query = random_eighths(random, d, 1);
  const Integer scale = power(Integer(10), 60);
  MemorizationData data;
  while (data.size() < count) {
    MemorizationExample example;
    example.tokens = random_eighths(random, d, random.integer(2, 4));
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

CheckReport checked_memorization(const MemorizationAnswer& answer) {
  return check_memorization(parse_json(answer.certificate, "certificate"));
}

/// The certificate is accepted, and rejected after a change of any single entry.
void check_accepted(const MemorizationAnswer& answer) {
  Json certificate = parse_json(answer.certificate, "certificate");
  const CheckReport report = check_memorization(certificate);
  CHECK(report.why == "");
  CHECK(report.accepted());
  int accepted = 0;
  mutate(certificate, certificate, [&] { accepted += check_memorization(certificate).accepted() ? 1 : 0; });
  CHECK(accepted == 0);
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

TEST_CASE("200 impossible pairs are refused at equality and just below the floor") {
  RandomNumbers random(91);
  for (int i = 0; i < repetitions(200); ++i) {
    CAPTURE(i);
    const Index d = random.integer(2, 16);
    const Transformer<Rational> model = random_invertible_layer(random, d, i % 4 == 0);
    const ImpossiblePair pair = impossible_pair(model);
    const Rational accuracy = i % 2 == 0 ? Rational(0) : Rational(pair.output_floor * Rational(999, 1000));
    const MemorizationAnswer answer = memorize(model, pair_data(pair), accuracy);
    REQUIRE(answer.verdict == Verdict::refuted);
    check_accepted(answer);
    REQUIRE(answer.floor.has_value());
    CHECK(answer.floor->lower <= pair.floor);
    CHECK(answer.floor->upper >= pair.floor);
    CHECK(answer.floor->upper - answer.floor->lower <= pair.floor / 1000000);
  }
}

TEST_CASE("200 data sets made by prompts of 1 to 40 tokens are memorized - never longer than the prompt") {
  RandomNumbers random(92);
  const Rational accuracy(Integer(1), power(Integer(10), 50));
  const long count = repetitions(200);
  long decided = 0, longer = 0;
  for (long i = 0; i < count; ++i) {
    CAPTURE(i);
    const Index d = random.integer(2, 16), tokens = i % 40 + 1;
    const Transformer<Rational> model = random_invertible_layer(random, d, i % 5 == 0);
    const MemorizationData data = data_of_prompt(random, model, random_eighths(random, d, tokens),
                                                 static_cast<std::size_t>(random.integer(2, 4)));
    const MemorizationAnswer answer = memorize(model, data, accuracy);
    CAPTURE(answer.why);
    REQUIRE(answer.verdict == Verdict::proved);
    const Index length = answer.prompt->cols();
    CHECK(length <= tokens);
    CHECK(answer.least_length <= Integer(length));
    CHECK(miss(model, data, *answer.prompt) <= Real(accuracy));
    decided += answer.least_length == Integer(length) ? 1 : 0;
    longer += length > 1 ? 1 : 0;
    check_accepted(answer);
  }
  CHECK(decided == count);
  CHECK(4 * longer > 3 * count);
}

TEST_CASE("a causal model sees the prefix alone") {
  RandomNumbers random(93);
  for (int i = 0; i < 20; ++i) {
    Transformer<Rational> model = random_invertible_layer(random, 3, false);
    model.mask = Mask::causal;
    const MemorizationData data = data_of_prompt(random, model, random_eighths(random, 3, 3), 2);
    const Rational accuracy(Integer(1), power(Integer(10), 40));
    const MemorizationAnswer answer = memorize(model, data, accuracy);
    // An example whose query stands first sees nothing but itself; two of them are one.
    REQUIRE(answer.verdict == Verdict::proved);
    CHECK(miss(model, data, *answer.prompt) <= Real(accuracy));
    CHECK(checked_memorization(answer).accepted());
  }
}

TEST_CASE("examples with several queries: refused where a group is - unknown where all hold") {
  RandomNumbers random(94);
  const Transformer<Rational> model = random_invertible_layer(random, 3, false);
  const ImpossiblePair pair = impossible_pair(model);
  MemorizationData data = pair_data(pair);
  data.insert(data.begin(), {random_eighths(random, 3, 3), 0, random.matrix(3, 1)});
  MemorizationAnswer answer = memorize(model, data, pair.floor / 2);
  CHECK(answer.verdict == Verdict::refuted);
  CHECK(checked_memorization(answer).why == "");
  data.pop_back();
  answer = memorize(model, data, pair.floor / 2);
  CHECK(answer.verdict == Verdict::unknown);
  CHECK(answer.why.find("necessary conditions") != std::string::npos);
  CHECK(answer.certificate.empty());
}

TEST_CASE("equality is not claimed for a rounded prompt - where it is algebraic it is") {
  RandomNumbers random(95);
  Transformer<Rational> model = random_invertible_layer(random, 3, false);
  const MemorizationData data = data_of_prompt(random, model, random_eighths(random, 3, 3), 1);
  CHECK(memorize(model, data, 0).verdict == Verdict::unknown);

  // A = 0: uniform attention, where m tokens of any mean give rational outputs.
  model.layers[0].heads[0].W_Q.setZero();
  for (Index m = 0; m <= 4; ++m) {
    const Matrix<Rational> prompt = random_eighths(random, 3, m);
    MemorizationData exact = data_of_prompt(random, model, prompt, 3);
    for (MemorizationExample& example : exact)
      example.target = evaluate(model, prompt, example.tokens).col(example.query);
    const MemorizationAnswer answer = memorize(model, exact, 0);
    REQUIRE(answer.verdict == Verdict::proved);
    CHECK(answer.prompt->cols() == m);
    CHECK(answer.least_length == Integer(m));
    CHECK(checked_memorization(answer).why == "");
    for (const MemorizationExample& example : exact) {
      CHECK(evaluate(model, *answer.prompt, example.tokens).col(example.query) == example.target);
    }
  }
}

TEST_CASE("a feed-forward block that is not certified injective is said so and never refutes") {
  RandomNumbers random(96);
  Transformer<Rational> model = random_invertible_layer(random, 2, false);
  const ImpossiblePair pair = impossible_pair(model);
  const Matrix<Rational> identity = Matrix<Rational>::Identity(2, 2);
  // x - 2 relu(x - 100): the identity near the data, yet it folds further out.
  model.layers[0].ffn = FeedForward<Rational>{identity, Vector<Rational>::Constant(2, -100), -2 * identity,
                                              Vector<Rational>::Zero(2)};
  MemorizationAnswer answer = memorize(model, pair_data(pair), 0);
  CHECK(answer.verdict == Verdict::unknown);
  CHECK(answer.why.find("injectivity") != std::string::npos);
  CHECK_FALSE(answer.exact.has_value());
  CHECK_FALSE(answer.floor.has_value());
  const MemorizationData data = data_of_prompt(random, model, random_eighths(random, 2, 2), 2);
  const Rational accuracy(1, 1000000);
  answer = memorize(model, data, accuracy);
  REQUIRE(answer.verdict == Verdict::proved);
  CHECK(answer.least_length == 0);
  CHECK(checked_memorization(answer).why == "");
}

TEST_CASE("at a coarse accuracy the length bound still never exceeds what a known prompt needs") {
  RandomNumbers random(97);
  for (int i = 0; i < 40; ++i) {
    const Index d = random.integer(1, 4), tokens = random.integer(1, 12);
    const Transformer<Rational> model = random_invertible_layer(random, d, i % 3 == 0);
    const MemorizationData data = data_of_prompt(random, model, random_eighths(random, d, tokens), 3);
    const Rational accuracy(1, power(Integer(10), static_cast<unsigned long>(random.integer(1, 6))));
    const MemorizationAnswer answer = memorize(model, data, accuracy);
    REQUIRE(answer.verdict == Verdict::proved);
    CHECK(answer.least_length <= Integer(tokens));
    CHECK(answer.least_length <= Integer(answer.prompt->cols()));
    CHECK(miss(model, data, *answer.prompt) <= Real(accuracy));
    CHECK(checked_memorization(answer).why == "");
  }
}

TEST_CASE("what theory 2.2 to 2.4 do not cover is unknown and unusable input is refused") {
  RandomNumbers random(98);
  Transformer<Rational> model = random_invertible_layer(random, 2, false);
  const MemorizationData data = data_of_prompt(random, model, random_eighths(random, 2, 2), 2);
  CHECK_THROWS_AS((void)memorize(model, data, -1), InputError);
  CHECK_THROWS_AS((void)memorize(model, {}, 0), InputError);
  model.layers.push_back(model.layers.front());
  CHECK(memorize(model, data, 0).verdict == Verdict::unknown);
}

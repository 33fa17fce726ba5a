#include <doctest/doctest.h>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/memorization/memorize.hpp>
#include <promptbound/verify/memorization/prompt_error.hpp>

#include "effort.hpp"
#include "random.hpp"
#include "verify/memorization/one_query.hpp"

using namespace promptbound;

namespace {

/// Targets that a random prompt gives, to so many decimals.
void aim_at_prompt(RandomNumbers& random, OneQueryInstance& instance, Index tokens, long scale) {
  const Matrix<double> prompt = random.matrix(instance.model.width, tokens).cast<double>();
  for (MemorizationExample& example : instance.data) {
    const Matrix<double> output = evaluate(from_rational<double>(instance.model), prompt,
                                           Matrix<double>(example.tokens.cast<double>()));
    example.target = output.col(0).unaryExpr(
        [&](double x) { return Rational(std::llround(x * static_cast<double>(scale)), scale); });
  }
}

}  // namespace

TEST_CASE("several heads: below the floor it is impossible - above what descent reaches possible") {
  RandomNumbers random(911);
  const WorkingPrecision scope(128);
  const long count = repetitions(10);
  for (long n = 0; n < count; ++n) {
    const OneQueryInstance instance = random_heads(random, 2, 2, static_cast<int>(3 + n % 3));
    const MemorizationAnswer loose = memorize(instance.model, instance.data, 10);
    CHECK(loose.verdict == Verdict::proved);
    REQUIRE(loose.floor.has_value());
    if (loose.floor->lower == 0) continue;
    CHECK(loose.floor->lower >= loose.floor->upper * Rational(949, 1000));
    const Rational below = loose.floor->lower * Rational(99, 100);
    const MemorizationAnswer refused = memorize(instance.model, instance.data, below);
    CHECK(refused.verdict == Verdict::refuted);
    CHECK(refused.evidence == MemorizeEvidence::tree);
    CHECK(refused.least_error.lower >= below);
    CHECK_FALSE(refused.certificate.empty());
    CHECK(refused.proof.of("verdict").kind == ProofKind::paper);
    CHECK(refused.proof.of("verdict").theory == "2.3H");
    CHECK(refused.proof.of("floor").kind == ProofKind::paper);
    DescentOptions options;
    options.tokens = 8;
    options.restarts = 4;
    const FoundPrompt found = descend(instance.model, instance.data, options);
    CHECK(certainly_less(Interval(loose.floor->lower), found.error));
    const Rational reached = found.error.upper() * Rational(11, 10);
    const MemorizationAnswer possible = memorize(instance.model, instance.data, reached);
    CHECK(possible.verdict == Verdict::proved);
    REQUIRE(possible.prompt.has_value());
    CHECK(certainly_less_equal(PromptError(instance.model, instance.data)(*possible.prompt),
                               Interval(reached)));
  }
}

TEST_CASE("targets that a prompt of several heads gives are memorized to nine digits") {
  RandomNumbers random(912);
  for (int n = 0; n < 4; ++n) {
    OneQueryInstance instance = random_heads(random, 2, 2 + n % 2, 2 + n % 2);
    aim_at_prompt(random, instance, 3, 1000000000000);
    const MemorizationAnswer answer = memorize(instance.model, instance.data, Rational(1, 1000000000));
    CAPTURE(answer.why);
    CHECK(answer.verdict == Verdict::proved);
    CHECK_FALSE(answer.floor.has_value());
    REQUIRE(answer.error.has_value());
    CHECK(answer.error->upper() <= Rational(1, 1000000000));
  }
}

TEST_CASE("what is not decided of several heads says why") {
  RandomNumbers random(913);
  // Two examples give no rows for two heads.
  const OneQueryInstance few = random_heads(random, 2, 2, 2);
  const MemorizationAnswer exact = memorize(few.model, few.data, 0);
  CHECK(exact.verdict == Verdict::unknown);
  CHECK(exact.why.starts_with("no H + 1 examples share a query"));
  CHECK_FALSE(exact.floor.has_value());
  CHECK(exact.certificate.empty());
  // Five heads are more than the floor is sought for.
  const OneQueryInstance many = random_heads(random, 1, 5, 6);
  const MemorizationAnswer five = memorize(many.model, many.data, 0);
  CHECK(five.verdict == Verdict::unknown);
  CHECK(five.why.starts_with("the floor of theory 2.3H is sought for 2 to 4 heads"));
  // A block that folds: x - 2 relu(x).
  OneQueryInstance folded = random_heads(random, 1, 2, 3);
  folded.model.layers[0].ffn =
      FeedForward<Rational>{Matrix<Rational>::Constant(1, 1, 1), Vector<Rational>::Zero(1),
                            Matrix<Rational>::Constant(1, 1, -2), Vector<Rational>::Zero(1)};
  for (MemorizationExample& example : folded.data) example.target(0) = -abs(example.target(0)) - 1;
  const MemorizationAnswer hidden = memorize(folded.model, folded.data, Rational(1, 1000));
  CHECK(hidden.verdict == Verdict::unknown);
  CHECK_FALSE(hidden.floor.has_value());
}

TEST_CASE("several heads: a feed-forward block carries the floor to the output") {
  RandomNumbers random(914);
  const WorkingPrecision scope(128);
  OneQueryInstance instance = random_heads(random, 2, 2, 4);
  const Rational size(1, 10);
  instance.model.layers[0].ffn = FeedForward<Rational>{random.matrix(2, 2, -size, size), random.matrix(2, 1),
                                                       random.matrix(2, 2, -size, size), random.matrix(2, 1)};
  const MemorizationAnswer answer = memorize(instance.model, instance.data, Rational(1, 1000));
  REQUIRE(answer.floor.has_value());
  CHECK(answer.verdict == Verdict::refuted);
  CHECK(answer.output_floor > 0);
  CHECK(answer.output_floor < answer.floor->lower);
  const FoundPrompt found = descend(instance.model, instance.data, {});
  CHECK(certainly_less(Interval(answer.output_floor), found.error));
}

TEST_CASE("several heads: the empty prompt fits exactly where it does") {
  // A = 0 in both heads: plain means, V = 1 and V = 2, over the tokens 1 and -1 at the query 1.
  const auto one = [](const Rational& x) { return Matrix<Rational>(Matrix<Rational>::Constant(1, 1, x)); };
  OneQueryInstance instance{{1, {{}}, Mask::bidirectional}, {}};
  instance.model.layers[0].heads = {head_of_maps<Rational>(one(0), one(1)),
                                    head_of_maps<Rational>(one(0), one(2))};
  Matrix<Rational> tokens(1, 2);
  tokens << 1, -1;
  instance.data.push_back({tokens, 0, Vector<Rational>::Constant(1, 1)});
  const MemorizationAnswer answer = memorize(instance.model, instance.data, 0);
  CHECK(answer.verdict == Verdict::proved);
  CHECK(answer.evidence == MemorizeEvidence::algebra);
  REQUIRE(answer.prompt.has_value());
  CHECK(answer.prompt->cols() == 0);
  instance.data[0].target(0) = 2;
  CHECK(memorize(instance.model, instance.data, 0).verdict == Verdict::unknown);
}

#include <doctest/doctest.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/shared_query_prompt.hpp>

#include "constructions/random_data.hpp"

using namespace promptbound;
using namespace promptbound::testing;
using Set = PromptLengths::Set;

namespace {

/// Examples of two to four tokens, the last of them the query; no targets yet.
SharedQueryData random_shared_query(std::mt19937_64& random, Index d, std::size_t count) {
  SharedQueryData data;
  data.A = random_matrix(random, d, d, 1, 2);
  data.V = random_invertible(random, d, 2, 2);
  data.query = random_matrix(random, d, 1, 1, 2).col(0);
  while (data.examples.size() < count) {
    SharedQueryExample example;
    example.tokens = random_matrix(random, d, static_cast<Index>(random() % 3) + 2, 1, 2);
    example.tokens.col(example.tokens.cols() - 1) = data.query;
    example.target.assign(static_cast<std::size_t>(d), 0);
    data.examples.push_back(example);
  }
  return data;
}

Vector<Rational> direction_of(const SharedQueryData& data) {
  return multiply(data.A, Matrix<Rational>(data.query)).col(0);
}

/// Gives every example the attention output that the prompt makes.
void set_targets(SharedQueryData& data, const Matrix<Rational>& prompt) {
  for (SharedQueryExample& example : data.examples) {
    example.target = exact_attention(data.V, direction_of(data), prompt, example.tokens);
  }
}

/// The attention output in MPFR, straight from the definition.
Vector<Real> attention_in_mpfr(const SharedQueryData& data, const Matrix<Rational>& prompt,
                               const Matrix<Rational>& tokens) {
  Matrix<Rational> keys(prompt.rows(), prompt.cols() + tokens.cols());
  keys << prompt, tokens;
  const Vector<Rational> direction = direction_of(data);
  Real sum = 0;
  Vector<Real> output = Vector<Real>::Zero(data.V.rows());
  for (Index j = 0; j < keys.cols(); ++j) {
    const Real weight = exp(Real(Rational(keys.col(j).dot(direction))));
    const Matrix<Rational> value = multiply(data.V, Matrix<Rational>(keys.col(j)));
    sum += weight;
    for (Index c = 0; c < value.rows(); ++c) output(c) += weight * Real(value(c, 0));
  }
  return output / sum;
}

/// max |output - target| in MPFR.
Real miss_in_mpfr(const SharedQueryData& data, const Matrix<Rational>& prompt) {
  Real worst = 0;
  for (const SharedQueryExample& example : data.examples) {
    const Vector<Real> output = attention_in_mpfr(data, prompt, example.tokens);
    for (Index c = 0; c < output.size(); ++c) {
      const Interval target = example.target[static_cast<std::size_t>(c)].enclosure();
      worst = std::max<Real>(worst, abs(Real(output(c) - Real(target.midpoint().lower()))));
    }
  }
  return worst;
}

/// Builds the prompt of m tokens and checks it against every target, enclosed and in MPFR.
void check_prompt(const SharedQueryData& data, const PromptLengths& lengths, long m) {
  const WorkingPrecision scope(400);
  const SharedQueryProblem problem = shared_query_problem(data);
  const Matrix<Interval> enclosed = shared_query_prompt(problem, lengths, m);
  REQUIRE(enclosed.cols() == m);
  const Matrix<Rational> prompt = midpoints(enclosed);
  const Rational bound(Integer(1), power(Integer(10), 50));
  CHECK(miss_in_mpfr(data, prompt) < Real(bound));
  CHECK(certainly_less(fit_error(problem, from_rational<Interval>(prompt)), Interval(bound)));
  CHECK(fit_error(problem, enclosed).contains(Rational(0)));
}

}  // namespace

TEST_CASE("data made by a prompt of 1 to 40 tokens: the least length - its prompt and no token fewer") {
  std::mt19937_64 random(31);
  int shorter = 0;
  for (Index tokens = 1; tokens <= 40; ++tokens) {
    CAPTURE(tokens);
    SharedQueryData data =
        random_shared_query(random, static_cast<Index>(random() % 3) + 2, 2 + random() % 3);
    while (direction_of(data).isZero(0))
      data.query = random_matrix(random, data.query.size(), 1, 1, 2).col(0);
    for (SharedQueryExample& example : data.examples) example.tokens.rightCols(1) = data.query;
    set_targets(data, random_matrix(random, data.query.size(), tokens, 1, 2));
    const PromptLengths lengths = decide_prompt_lengths(shared_query_problem(data));
    CHECK(lengths.least <= tokens);
    CHECK_FALSE(lengths.empty_fits);
    const long least = lengths.least.convert_to<long>();
    if (tokens == 1) {
      CHECK(lengths.set == Set::single);
      CHECK(lengths.rho->equals(1) == true);
    } else {
      CHECK(lengths.set == Set::from);
      // m tokens reach at most the ratio m, and the determined ratio is larger.
      CHECK(certainly_less(Interval(least - 1), lengths.rho->enclosure()));
    }
    check_prompt(data, lengths, least);
    if (lengths.set == Set::from) check_prompt(data, lengths, least + 3);
    if (least > 1)
      CHECK_THROWS_AS((void)shared_query_prompt(shared_query_problem(data), lengths, least - 1), InputError);
    shorter += least < tokens ? 1 : 0;
  }
  CHECK(shorter > 5);
}

TEST_CASE("m equal tokens have the ratio m exactly where no precision separates it from m") {
  std::mt19937_64 random(32);
  for (long m : {2L, 3L, 7L}) {
    SharedQueryData data = random_shared_query(random, 3, 2);
    data.query << 1, 0, 0;
    data.A.setIdentity();
    for (SharedQueryExample& example : data.examples) example.tokens.rightCols(1) = data.query;
    set_targets(data, random_matrix(random, 3, 1, 1, 2).replicate(1, m));
    const PromptLengths lengths = decide_prompt_lengths(shared_query_problem(data));
    CHECK(lengths.set == Set::from);
    CHECK(lengths.least == m);
    check_prompt(data, lengths, m);
  }
}

TEST_CASE("targets that no prompt gives are refused at every length") {
  std::mt19937_64 random(33);
  for (int i = 0; i < 20; ++i) {
    SharedQueryData data = random_shared_query(random, 3, 3);
    set_targets(data, random_matrix(random, 3, 4, 1, 2));
    // A shift of one target far below any floating-point resolution.
    data.examples[1].target[0] += ExponentialQuotient(Rational(Integer(1), power(Integer(10), 200)));
    const PromptLengths lengths = decide_prompt_lengths(shared_query_problem(data));
    CHECK(lengths.set == Set::none);
    CHECK_FALSE(lengths.empty_fits);
  }
}

TEST_CASE("the empty prompt is told from the others") {
  std::mt19937_64 random(34);
  SharedQueryData data = random_shared_query(random, 3, 3);
  set_targets(data, Matrix<Rational>(3, 0));
  const PromptLengths lengths = decide_prompt_lengths(shared_query_problem(data));
  CHECK(lengths.empty_fits);
  // The outputs differ among the examples, so S_P = 0 alone fits.
  CHECK(lengths.set == Set::none);
}

TEST_CASE("A x0 = 0: exactly the number of tokens that made the data") {
  std::mt19937_64 random(35);
  for (Index tokens = 1; tokens <= 5; ++tokens) {
    SharedQueryData data = random_shared_query(random, 3, 2);
    data.A.setZero();
    set_targets(data, random_matrix(random, 3, tokens, 1, 2));
    const PromptLengths lengths = decide_prompt_lengths(shared_query_problem(data));
    CHECK(lengths.set == Set::single);
    CHECK(lengths.least == tokens);
    check_prompt(data, lengths, static_cast<long>(tokens));
  }
}

TEST_CASE("singular V: every length if A x0 sees its kernel - the usual ones if not - none off its image") {
  std::mt19937_64 random(36);
  for (int i = 0; i < 10; ++i) {
    SharedQueryData data = random_shared_query(random, 3, 2);
    data.V.col(2).setZero();
    data.V.row(0) << 1, 1, 0;
    data.V.row(1) << 1, -1, 0;
    data.V.row(2) << 2, 0, 0;
    data.query << 1, Rational(1, 2), 1;
    for (SharedQueryExample& example : data.examples) example.tokens.rightCols(1) = data.query;
    const Matrix<Rational> prompt = random_matrix(random, 3, 5, 1, 2);

    data.A.setIdentity();
    set_targets(data, prompt);
    PromptLengths lengths = decide_prompt_lengths(shared_query_problem(data));
    CHECK(lengths.set == Set::from);
    CHECK(lengths.least == 1);
    CHECK(lengths.freedom == Freedom::score);
    for (const long m : {1L, 2L, 9L}) check_prompt(data, lengths, m);

    data.A(2, 2) = 0;
    set_targets(data, prompt);
    lengths = decide_prompt_lengths(shared_query_problem(data));
    CHECK(lengths.set == Set::from);
    CHECK(lengths.freedom == Freedom::none);
    CHECK(lengths.least >= 2);
    CHECK(lengths.least <= 5);
    check_prompt(data, lengths, lengths.least.convert_to<long>());

    for (SharedQueryExample& example : data.examples) example.target[2] += ExponentialQuotient(1);
    CHECK(decide_prompt_lengths(shared_query_problem(data)).set == Set::none);
  }
}

TEST_CASE("one example: S_P is free and be < 0 sets the least length") {
  // d = 1, V = A = x0 = 1, the query alone: S = e, a = 1, b = e (t - 1), al = t, be = e (t - 1).
  SharedQueryData data;
  data.A = data.V = Matrix<Rational>::Ones(1, 1);
  data.query = Vector<Rational>::Ones(1);
  const auto lengths_for = [&](const Rational& t) {
    data.examples = {{Matrix<Rational>::Ones(1, 1), {ExponentialQuotient(t)}}};
    return decide_prompt_lengths(shared_query_problem(data));
  };
  PromptLengths lengths = lengths_for(Rational(3, 2));
  CHECK(lengths.set == Set::from);
  CHECK(lengths.least == 1);
  for (const long m : {1L, 2L, 5L}) check_prompt(data, lengths, m);

  // t = -2: |be| e^(1 - al) = 3 e e^3 = 3 e^4 = 163.79...
  lengths = lengths_for(-2);
  CHECK(lengths.set == Set::from);
  CHECK(lengths.least == 164);
  check_prompt(data, lengths, 164);
  check_prompt(data, lengths, 200);
  CHECK_THROWS_AS((void)shared_query_prompt(shared_query_problem(data), lengths, 163), InputError);

  lengths = lengths_for(1);
  CHECK(lengths.empty_fits);
  check_prompt(data, lengths, 1);
}

TEST_CASE("one example with freedom of both kinds or with A x0 = 0") {
  std::mt19937_64 random(37);
  SharedQueryData data = random_shared_query(random, 2, 1);
  data.V << 1, 0, 0, 0;
  data.A.setIdentity();
  data.query << 1, 1;
  data.examples[0].tokens.rightCols(1) = data.query;
  data.examples[0].target = {ExponentialQuotient(Rational(1, 3)), ExponentialQuotient(0)};
  PromptLengths lengths = decide_prompt_lengths(shared_query_problem(data));
  CHECK(lengths.freedom == Freedom::sum_and_score);
  for (const long m : {1L, 4L}) check_prompt(data, lengths, m);
  data.A.setZero();
  lengths = decide_prompt_lengths(shared_query_problem(data));
  CHECK(lengths.freedom == Freedom::sum);
  for (const long m : {1L, 4L}) check_prompt(data, lengths, m);
  data.examples[0].target[1] = ExponentialQuotient(1);
  CHECK(decide_prompt_lengths(shared_query_problem(data)).set == Set::none);
}

TEST_CASE("compression keeps the output for every value map and every other key with ceil(rho) tokens") {
  std::mt19937_64 random(38);
  const WorkingPrecision scope(400);
  for (Index tokens = 1; tokens <= 30; ++tokens) {
    SharedQueryData data = random_shared_query(random, 3, 2);
    data.A.setIdentity();
    data.query << 1, Rational(1, 2), 0;
    for (SharedQueryExample& example : data.examples) example.tokens.rightCols(1) = data.query;
    const Matrix<Rational> prompt = random_matrix(random, 3, tokens, 2, 2);
    set_targets(data, prompt);
    const Matrix<Rational> shorter = midpoints(compress_prompt(direction_of(data), prompt));
    CHECK(shorter.cols() <= tokens);
    CHECK(miss_in_mpfr(data, shorter) < Real(Rational(Integer(1), power(Integer(10), 60))));
  }
  CHECK_THROWS_AS((void)compress_prompt(Vector<Rational>::Zero(3), Matrix<Rational>::Zero(3, 2)), InputError);
}

TEST_CASE("data that do not fit together are refused with the place") {
  std::mt19937_64 random(39);
  const SharedQueryData good = random_shared_query(random, 3, 2);
  SharedQueryData bad = good;
  bad.examples[1].tokens.col(bad.examples[1].tokens.cols() - 1).setConstant(7);
  CHECK_THROWS_WITH_AS((void)shared_query_problem(bad), "example 1: the shared query is not among its tokens",
                       InputError);
  bad = good;
  bad.examples[0].target.pop_back();
  CHECK_THROWS_AS((void)shared_query_problem(bad), InputError);
  bad = good;
  bad.V.resize(2, 3);
  CHECK_THROWS_AS((void)shared_query_problem(bad), InputError);
  bad.examples.clear();
  CHECK_THROWS_AS((void)shared_query_problem(bad), InputError);
}

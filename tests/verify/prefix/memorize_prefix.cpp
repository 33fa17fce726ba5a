// Theory 2.2p: which numbers of key-value pairs fit exactly, against the head evaluated with such pairs.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/memorization/memorize.hpp>
#include <promptbound/verify/prefix/memorize_prefix.hpp>

#include "matrices.hpp"
#include "random.hpp"

using namespace promptbound;

namespace {

using PrefixSet = PrefixLengths::Set;

/// One layer of one head, without a feed-forward block: W_Q = query map, W_K = I, W_O W_V = V.
Transformer<Rational> layer(const Matrix<Rational>& W_Q, const Matrix<Rational>& W_V) {
  AttentionHead<Rational> head = head_of_maps(W_Q, W_V);
  Transformer<Rational> model{.width = W_Q.rows(), .layers = {}, .mask = Mask::bidirectional};
  model.layers.push_back({{head}, std::nullopt});
  return model;
}

/// d = 1, A = a, V = 1: the query 1 among the tokens given.
MemorizationExample scalar(std::initializer_list<Rational> tokens, const Rational& attention_target) {
  MemorizationExample example;
  example.tokens = vector_of(tokens).transpose();
  example.query = 0;
  example.target = vector_of({Rational(1 + attention_target)});
  return example;
}

Transformer<Rational> scalar_layer(const Rational& a) {
  return layer(Matrix<Rational>::Constant(1, 1, a), Matrix<Rational>::Constant(1, 1, 1));
}

void check_range(const PrefixAnswer& answer, const Integer& least, const std::optional<Integer>& most) {
  REQUIRE(answer.lengths);
  REQUIRE_MESSAGE(answer.lengths->set == PrefixSet::range, answer.lengths->reason);
  CHECK(answer.lengths->least == least);
  CHECK(answer.lengths->most == most);
  CHECK(answer.verdict == Verdict::proved);
}

CheckReport checked_prefix(const PrefixAnswer& answer) {
  REQUIRE_FALSE(answer.certificate.empty());
  return check_certificate(answer.certificate, "certificate");
}

/// The certificate with another value of a member, sealed anew.
CheckReport checked_with(const PrefixAnswer& answer, const char* name, const Json& value) {
  Json certificate = parse_json(answer.certificate, "certificate");
  certificate[name] = value;
  certificate.erase("sha256");
  seal(certificate);
  return check_certificate(certificate.dump(), "certificate");
}

}  // namespace

TEST_CASE("a prefix with free keys does with one pair what prompt tokens need many for, or cannot do") {
  // b = S_1 (t - a): two examples that ask for S = 7, far from every token's own score.
  const Transformer<Rational> model = scalar_layer(0);
  // A x0 = 0: S_1 = 1, a_1 = 1; S_2 = 2, a_2 = 3/2 -> t with S t_i - b_i equal: t_1 = (7 u + 1)/8, t_2 = (7 u
  // + 3)/9.
  const Rational u(5);
  const MemorizationData data = {scalar({1}, (7 * u + 1) / 8), scalar({1, 2}, (7 * u + 3) / 9)};
  // q0 = 0: S is the number of pairs.
  const PrefixAnswer flat = memorize_by_prefix(model, data, {});
  check_range(flat, 7, Integer(7));
  CHECK(checked_prefix(flat).accepted());
  CHECK(memorize_by_prefix(model, data, {Number::infinity(), Rational(5)}).verdict == Verdict::proved);
  const PrefixAnswer small = memorize_by_prefix(model, data, {Number::infinity(), Rational(499, 100)});
  CHECK(small.verdict == Verdict::refuted);
  CHECK(checked_prefix(small).accepted());
  // With a query that keys can see, one pair does.
  const Transformer<Rational> seeing = scalar_layer(1);
  const PrefixAnswer free = memorize_by_prefix(seeing, {scalar({1}, 3)}, {});
  check_range(free, 1, std::nullopt);
  CHECK(checked_prefix(free).accepted());
}

TEST_CASE("key caps leave exactly the m with m e^-k <= S <= m e^k") {
  // a = 2: the query 1 has score 2, q0 = 2. Examples {1} and {1, 1}: S_1 = e^2, S_2 = 2 e^2, a = 1 both.
  const Transformer<Rational> model = scalar_layer(2);
  // t_i = (S u + S_i)/(S + S_i) for u = 3, S = s e^2 with rational s: rational targets.
  const auto data = [](const Rational& s) {
    return MemorizationData{scalar({1}, (3 * s + 1) / (s + 1)), scalar({1, 1}, (3 * s + 2) / (s + 2))};
  };
  // K_0 ||q0|| = 2: S = s e^2 is m e^2 at most and m e^-2 at least: s <= m <= s e^4, e^4 = 54.598...
  const PrefixAnswer five = memorize_by_prefix(model, data(5), {Rational(1), Number::infinity()});
  check_range(five, 5, Integer(272));
  CHECK(checked_prefix(five).accepted());
  check_range(memorize_by_prefix(model, data(Rational(9, 2)), {Rational(1), Number::infinity()}), 5,
              Integer(245));
  // A cap of 0 makes every key 0: S = m, and S = 5 e^2 is no integer.
  const PrefixAnswer none = memorize_by_prefix(model, data(5), {Rational(0), Number::infinity()});
  CHECK(none.verdict == Verdict::refuted);
  CHECK(checked_prefix(none).accepted());
  // K_0 ||q0|| = 4: m e^4 >= 5 e^2 from m = 1 on.
  check_range(memorize_by_prefix(model, data(5), {Rational(2), Number::infinity()}), 1, Integer(2017));
  // The value is u = 3, exactly.
  CHECK(memorize_by_prefix(model, data(5), {Rational(1), Rational(3)}).verdict == Verdict::proved);
  CHECK(memorize_by_prefix(model, data(5), {Rational(1), Rational(2999, 1000)}).verdict == Verdict::refuted);
  CHECK(checked_with(five, "lengths", {{"least", "4"}, {"most", "272"}}).verdict == Verdict::refuted);
  CHECK(checked_with(five, "lengths", {{"least", "6"}, {"most", "272"}}).verdict == Verdict::refuted);
  CHECK(checked_with(five, "lengths", {{"least", "5"}, {"most", "273"}}).verdict == Verdict::refuted);
  CHECK(checked_with(five, "lengths", {{"least", "5"}, {"most", "271"}}).verdict == Verdict::refuted);
  CHECK(checked_with(five, "lengths", {{"least", "5"}, {"most", nullptr}}).verdict == Verdict::refuted);
  CHECK(checked_with(five, "key_cap", "2").verdict == Verdict::refuted);
  CHECK(checked_with(five, "value_cap", "1").verdict == Verdict::refuted);
  CHECK(checked_with(five, "claim", "impossible").verdict == Verdict::refuted);
  CHECK(checked_with(five, "empty_fits", true).verdict == Verdict::refuted);
}

TEST_CASE("one example: the value's cap leaves an interval of S") {
  // A x0 = 0, tokens {1}: S_1 = 1, a = 1, t = 3: u = t + b/S = 3 + 2/S. V_0 = 3 is never reached, 4 from S =
  // 2 on.
  const Transformer<Rational> flat = scalar_layer(0);
  const MemorizationData data = {scalar({1}, 3)};
  check_range(memorize_by_prefix(flat, data, {}), 1, std::nullopt);
  check_range(memorize_by_prefix(flat, data, {Number::infinity(), Rational(4)}), 2, std::nullopt);
  check_range(memorize_by_prefix(flat, data, {Number::infinity(), Rational(5)}), 1, std::nullopt);
  const PrefixAnswer never = memorize_by_prefix(flat, data, {Number::infinity(), Rational(3)});
  CHECK(never.verdict == Verdict::refuted);
  CHECK(checked_prefix(never).accepted());
  // t = 1/2 with tokens {1, 1, 1}: b = 3 (1/2 - 1) = -3/2, u = 1/2 - 3/(2 S) is small for S near 3 alone:
  // |u| <= 1/10 for S from 5/2 to 15/4, so that m = 3 is the only length.
  const MemorizationData turning = {scalar({1, 1, 1}, Rational(1, 2))};
  const PrefixAnswer three = memorize_by_prefix(flat, turning, {Number::infinity(), Rational(1, 10)});
  check_range(three, 3, Integer(3));
  CHECK(checked_prefix(three).accepted());
  check_range(memorize_by_prefix(flat, turning, {Number::infinity(), Rational(0)}), 3, Integer(3));
  // |u| <= 1/4: S from 2 to 6, both ends themselves.
  const PrefixAnswer ends = memorize_by_prefix(flat, turning, {Number::infinity(), Rational(1, 4)});
  check_range(ends, 2, Integer(6));
  CHECK(checked_prefix(ends).accepted());
  CHECK(checked_with(ends, "lengths", {{"least", "2"}, {"most", "5"}}).verdict == Verdict::refuted);
  CHECK(checked_with(ends, "lengths", {{"least", "1"}, {"most", "6"}}).verdict == Verdict::refuted);
  CHECK(checked_with(ends, "lengths", nullptr).verdict == Verdict::refuted);
  const MemorizationData narrow = {scalar({1, 1, 1, 1, 1}, Rational(1, 2))};
  // b = -5/2, u = 1/2 - 5/(2 S): 0 at S = 5 alone.
  check_range(memorize_by_prefix(flat, narrow, {Number::infinity(), Rational(0)}), 5, Integer(5));
  const MemorizationData between = {scalar({1, 2}, Rational(1, 2))};
  // b = 1 - 3 = -2, u = 1/2 - 2/S: 0 at S = 4.
  check_range(memorize_by_prefix(flat, between, {Number::infinity(), Rational(0)}), 4, Integer(4));
  const PrefixAnswer gap = memorize_by_prefix(flat, {scalar({1, Rational(9, 4)}, Rational(1, 2))},
                                              {Number::infinity(), Rational(0)});  // S = 9/2
  CHECK(gap.verdict == Verdict::refuted);
  CHECK(checked_prefix(gap).accepted());
}

TEST_CASE("an irrational reach: K_0 ||q0|| = sqrt 2") {
  // d = 2, q0 = (1, 1): the reach of K_0 = 1 is sqrt 2, e^sqrt2 = 4.1132.
  const Matrix<Rational> one = Matrix<Rational>::Identity(2, 2);
  Matrix<Rational> W_Q(2, 2);
  W_Q << 1, 0, 1, 0;
  const Transformer<Rational> model = layer(W_Q, one);
  MemorizationExample first, second;
  first.tokens = Matrix<Rational>(2, 1);
  first.tokens << 1, -1;  // score (1, -1).(1, 1) = 0
  first.query = 0;
  second.tokens = Matrix<Rational>(2, 2);
  second.tokens << 1, 2, -1, -2;
  second.query = 0;
  // S = 10, u = (1, 2): t_1 = (10 u + (1, -1))/11, t_2 = (10 u + (3, -3))/12.
  first.target = vector_of({1 + Rational(11, 11), -1 + Rational(19, 11)});
  second.target = vector_of({1 + Rational(13, 12), -1 + Rational(17, 12)});
  const MemorizationData data = {first, second};
  // 10/4.1132 = 2.43, 10 * 4.1132 = 41.1.
  const PrefixAnswer answer = memorize_by_prefix(model, data, {Rational(1), Number::infinity()});
  check_range(answer, 3, Integer(41));
  CHECK(checked_prefix(answer).accepted());
  // ||u||^2 = 5.
  CHECK(memorize_by_prefix(model, data, {Rational(1), Rational(2236, 1000)}).verdict == Verdict::refuted);
  CHECK(memorize_by_prefix(model, data, {Rational(1), Rational(2237, 1000)}).verdict == Verdict::proved);
  // One example, the norm of the value free: every m again.
  check_range(memorize_by_prefix(model, {first}, {Rational(1), Number::infinity()}), 1, std::nullopt);
  const PrefixAnswer one_example = memorize_by_prefix(model, {first}, {Rational(1), Rational(2)});
  CHECK(checked_prefix(one_example).accepted());
}

TEST_CASE("what no prefix does: targets off the image - examples that contradict each other") {
  Matrix<Rational> V(2, 2);
  V << 1, 0, 0, 0;
  AttentionHead<Rational> head = head_of_maps(Matrix<Rational>(Matrix<Rational>::Identity(2, 2)), V);
  head.W_V = Matrix<Rational>(1, 2);
  head.W_V << 1, 0;
  head.W_O = Matrix<Rational>(2, 1);
  *head.W_O << 1, 0;
  Transformer<Rational> model{.width = 2, .layers = {}, .mask = Mask::bidirectional};
  model.layers.push_back({{head}, std::nullopt});
  MemorizationExample off;
  off.tokens = Matrix<Rational>::Identity(2, 2);
  off.query = 0;
  off.target = vector_of({2, 1});
  const PrefixAnswer answer = memorize_by_prefix(model, {off}, {});
  CHECK(answer.verdict == Verdict::refuted);
  CHECK(checked_prefix(answer).accepted());
  // W_O is onto its image, which a map V of lower rank is not: values are free there.
  head.W_V << 0, 0;
  model.layers.front().heads.front() = head;
  off.target = vector_of({2, 0});
  CHECK(memorize_by_prefix(model, {off}, {}).verdict == Verdict::proved);
  CHECK(memorize(model, {off}, 0).verdict == Verdict::refuted);
  // Equal examples with different targets.
  const Transformer<Rational> scalar_model = scalar_layer(1);
  const PrefixAnswer contradiction = memorize_by_prefix(scalar_model, {scalar({1}, 2), scalar({1}, 3)}, {});
  CHECK(contradiction.verdict == Verdict::refuted);
  CHECK(checked_prefix(contradiction).accepted());
  CHECK(checked_with(contradiction, "claim", "possible").verdict == Verdict::refuted);
  CHECK(checked_with(contradiction, "lengths", {{"least", "1"}, {"most", nullptr}}).verdict ==
        Verdict::refuted);
}

TEST_CASE(
    "the empty prefix fits where the targets are what the head gives - with it alone at a contradiction") {
  const Transformer<Rational> model = scalar_layer(0);
  const PrefixAnswer answer =
      memorize_by_prefix(model, {scalar({1}, 1), scalar({1, 3}, 2)}, {});  // a_1 = 1, a_2 = 2
  CHECK(answer.verdict == Verdict::proved);
  CHECK(answer.lengths->empty_fits);
  CHECK(answer.lengths->set == PrefixSet::none);
  CHECK(checked_prefix(answer).accepted());
}

TEST_CASE("every prompt's outputs are those of a prefix - with its keys' and values' norms as caps") {
  RandomNumbers random(5);
  int tried = 0;
  for (int round = 0; round < 40; ++round) {
    const Index d = 1 + round % 2, m = 1 + round % 3;
    const auto matrix = [&](Index rows, Index columns) {
      Matrix<Rational> M(rows, columns);
      for (Index r = 0; r < rows; ++r) {
        for (Index c = 0; c < columns; ++c) M(r, c) = Rational(random.integer(-4, 4), 3);
      }
      return M;
    };
    // Scores are 0: W_Q x0 = 0 makes every attention output rational.
    Matrix<Rational> W_Q = matrix(d, d);
    const Vector<Rational> query = Vector<Rational>::Unit(d, 0);
    W_Q.col(0).setZero();
    const Matrix<Rational> W_V = matrix(d, d), prompt = matrix(d, m);
    const Transformer<Rational> model = layer(W_Q, W_V);
    MemorizationData data;
    for (Index length = 1; length <= 3; ++length) {
      Matrix<Rational> tokens = matrix(d, length);
      tokens.col(0) = query;
      Matrix<Rational> all(d, m + length);
      all << prompt, tokens;
      MemorizationExample example;
      example.tokens = tokens;
      example.query = 0;
      example.target = query + Vector<Rational>(multiply(W_V, all).rowwise().sum() / Rational(m + length));
      data.push_back(example);
    }
    Rational largest = 0;
    const Matrix<Rational> values = multiply(W_V, prompt);
    for (Index j = 0; j < m; ++j) largest = std::max<Rational>(largest, values.col(j).cwiseAbs().sum());
    const PrefixAnswer answer = memorize_by_prefix(model, data, {Rational(0), largest});
    CHECK(answer.verdict == Verdict::proved);
    REQUIRE(answer.lengths);
    const bool is_there = answer.lengths->set == PrefixSet::range && answer.lengths->least <= m &&
                          (!answer.lengths->most || *answer.lengths->most >= m);
    CHECK(is_there);
    CHECK(checked_prefix(answer).accepted());
    ++tried;
  }
  CHECK(tried == 40);
}

namespace {

/// Is m one of the lengths?
bool has_length(const PrefixAnswer& answer, long m) {
  REQUIRE(answer.lengths);
  REQUIRE(answer.lengths->set != PrefixSet::undecided);
  return answer.lengths->set == PrefixSet::range && answer.lengths->least <= m &&
         (!answer.lengths->most || *answer.lengths->most >= m);
}

}  // namespace

TEST_CASE(
    "a query of no keys: S is the number of pairs - the lengths are those that rationals find one by one") {
  RandomNumbers random(6);
  long some = 0, none = 0;
  for (int round = 0; round < 120; ++round) {
    const Index d = 1 + round % 2, count = 1 + round % 3;
    const auto matrix = [&](Index rows, Index columns) {
      return Matrix<Rational>(Matrix<Rational>::NullaryExpr(
          rows, columns, [&] { return Rational(random.integer(-6, 6), random.integer(1, 3)); }));
    };
    Matrix<Rational> W_Q = matrix(d, d);
    W_Q.col(0).setZero();
    const Vector<Rational> query = Vector<Rational>::Unit(d, 0);
    const Matrix<Rational> V = matrix(d, d), hidden = matrix(d, 1);
    const long pairs = random.integer(1, 7);
    const bool is_made_to_fit = round % 4 != 3;
    MemorizationData data;
    std::vector<Vector<Rational>> targets, sums;
    for (Index i = 0; i < count; ++i) {
      Matrix<Rational> tokens = matrix(d, random.integer(1, 4));
      tokens.col(0) = query;
      const Vector<Rational> sum = multiply(V, tokens).rowwise().sum();
      const Rational total(pairs + tokens.cols());
      const Vector<Rational> fitted = (Rational(pairs) * hidden.col(0) + sum) / total;
      const Vector<Rational> target = is_made_to_fit ? fitted : Vector<Rational>(matrix(d, 1));
      data.push_back({tokens, 0, query + target});
      targets.push_back(target);
      sums.push_back(sum);
    }
    PrefixCaps caps;
    if (round % 5 != 4) caps.value = Rational(random.integer(0, 40), 8);
    const PrefixAnswer answer = memorize_by_prefix(layer(W_Q, V), data, caps);
    for (long m = 1; m <= 60; ++m) {
      const auto value_of = [&](std::size_t i) {
        const Rational own(data[i].tokens.cols());
        return Vector<Rational>(targets[i] + (own * targets[i] - sums[i]) / Rational(m));
      };
      const Vector<Rational> u = value_of(0);
      bool fits = caps.value.infinite || u.squaredNorm() <= caps.value.value * caps.value.value;
      for (std::size_t i = 1; i < data.size(); ++i) fits = fits && value_of(i) == u;
      CAPTURE(round);
      CAPTURE(m);
      REQUIRE(has_length(answer, m) == fits);
      (fits ? some : none) += 1;
    }
    CHECK(checked_prefix(answer).accepted());
  }
  CHECK(some > 500);
  CHECK(none > 500);
}

TEST_CASE(
    "keys under a cap: the lengths are those at which the least value over the S within reach is small "
    "enough") {
  RandomNumbers random(7);
  long some = 0, none = 0;
  for (int round = 0; round < 60; ++round) {
    // Tokens 1, score a: S_i = n_i e^a and a_i = 1.
    const Rational a(random.integer(1, 3) * (round % 2 == 0 ? 1 : -1), 2), key_cap(random.integer(0, 3), 2);
    const Rational reach = key_cap * abs(a);
    const Rational target(random.integer(-5, 5), 3);
    const long own = random.integer(1, 6);
    MemorizationExample example;
    example.tokens = Matrix<Rational>::Constant(1, own, Rational(1));
    example.query = 0;
    example.target = vector_of({Rational(1 + target)});
    // No tie: those are the business of the cases above.
    const Rational value_cap = Rational(random.integer(0, 12), 4) + Rational(1, 8191);
    const PrefixAnswer answer = memorize_by_prefix(scalar_layer(a), {example}, {key_cap, value_cap});
    const auto real = [](const Rational& x) { return x.convert_to<long double>(); };
    for (long m = 1; m <= 80; ++m) {
      // |t + n e^a (t - 1) x| for x = 1/S from e^-reach / m to e^reach / m: least at its zero or at an end.
      const long double slope = real(target - 1) * static_cast<long double>(own) * std::exp(real(a));
      const long double low = std::exp(-real(reach)) / static_cast<long double>(m),
                        high = std::exp(real(reach)) / static_cast<long double>(m);
      const long double zero = slope == 0 ? low : std::clamp(-real(target) / slope, low, high);
      const bool fits = std::abs(real(target) + slope * zero) <= real(value_cap);
      CAPTURE(round);
      CAPTURE(m);
      REQUIRE(has_length(answer, m) == fits);
      (fits ? some : none) += 1;
    }
    CHECK(checked_prefix(answer).accepted());
  }
  CHECK(some > 200);
  CHECK(none > 200);
}

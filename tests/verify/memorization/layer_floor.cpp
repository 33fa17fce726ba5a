#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/memorization/layer_floor.hpp>

#include "effort.hpp"
#include "random.hpp"

using namespace promptbound;

namespace {

/// Examples of a random layer at one query; the layer itself to send prompts through.
struct LayerInstance {
  Transformer<Rational> model;
  std::vector<Matrix<Rational>> tokens;  ///< the query first
  std::vector<LayerExample> examples;
};

LayerInstance random_layer_instance(RandomNumbers& random, Index d, Index heads, Index count) {
  LayerInstance instance{{d, {{}}, Mask::bidirectional}, {}, {}};
  const Matrix<Rational> query = random.matrix(d, 1);
  for (Index h = 0; h < heads; ++h)
    instance.model.layers[0].heads.push_back(
        head_of_maps<Rational>(random.matrix(d, d, -2, 2), random.matrix(d, d)));
  for (Index i = 0; i < count; ++i) {
    Matrix<Rational> tokens = random.matrix(d, 3);
    tokens.col(0) = query;
    LayerExample example{{}, random.matrix(d, 1)};
    for (const AttentionHead<Rational>& head : instance.model.layers[0].heads) {
      const Vector<Rational> direction = multiply(head.score_matrix(), query).col(0);
      example.heads.push_back(attention_sums(head.value_map(), direction, tokens));
    }
    instance.tokens.push_back(std::move(tokens));
    instance.examples.push_back(std::move(example));
  }
  return instance;
}

/// Cofactors cancel where all weights are large.
using Long = long double;

Long determinant_of(std::vector<std::vector<Long>> M) {
  Long result = 1;
  for (std::size_t k = 0; k < M.size(); ++k) {
    std::size_t pivot = k;
    for (std::size_t r = k; r < M.size(); ++r)
      if (std::abs(M[r][k]) > std::abs(M[pivot][k])) pivot = r;
    if (M[pivot][k] == 0) return 0;
    if (pivot != k) result = -result;
    std::swap(M[pivot], M[k]);
    result *= M[k][k];
    for (std::size_t r = k + 1; r < M.size(); ++r) {
      const Long factor = M[r][k] / M[k][k];
      for (std::size_t c = k; c < M.size(); ++c) M[r][c] -= factor * M[k][c];
    }
  }
  return result;
}

/// The statement of theory 2.3H at fixed weights S: cofactors of every H + 1 rows, and every coordinate.
class AtWeights {
 public:
  explicit AtWeights(const std::vector<LayerExample>& examples) {
    for (const LayerExample& example : examples) {
      auto& S = S_.emplace_back();
      auto& a = a_.emplace_back();
      for (const AttentionSums& sums : example.heads) {
        S.push_back(sums.S.enclosure().lower_double());
        auto& output = a.emplace_back();
        for (const auto& weighted : sums.weighted_values)
          output.push_back(weighted.enclosure().lower_double() / S.back());
      }
      t_.push_back(example.target.cast<double>());
    }
  }

  [[nodiscard]] Long operator()(const std::vector<Long>& S) const {
    Long worst = 0;
    std::vector<std::size_t> rows;
    choose(S, rows, 0, worst);
    return worst;
  }

 private:
  [[nodiscard]] Long theta(const std::vector<Long>& S, std::size_t i, std::size_t h) const {
    return S[h] / (S[h] + S_[i][h]);
  }

  void choose(const std::vector<Long>& S, std::vector<std::size_t>& rows, std::size_t from,
              Long& worst) const {
    if (rows.size() == S.size() + 1) {
      worst = std::max(worst, ratio(S, rows));
      return;
    }
    for (std::size_t i = from; i < S_.size(); ++i) {
      rows.push_back(i);
      choose(S, rows, i + 1, worst);
      rows.pop_back();
    }
  }

  [[nodiscard]] Long ratio(const std::vector<Long>& S, const std::vector<std::size_t>& rows) const {
    std::vector<Long> mu;
    Long total = 0;
    for (std::size_t left = 0; left < rows.size(); ++left) {
      std::vector<std::vector<Long>> minor;
      for (std::size_t k = 0; k < rows.size(); ++k) {
        if (k == left) continue;
        auto& row = minor.emplace_back();
        for (std::size_t h = 0; h < S.size(); ++h) row.push_back(theta(S, rows[k], h) / S[h]);
      }
      mu.push_back((left % 2 == 0 ? 1 : -1) * determinant_of(minor));
      total += std::abs(mu.back());
    }
    Long worst = 0;
    for (Index c = 0; c < t_.front().size(); ++c) {
      Long sum = 0;
      for (std::size_t k = 0; k < rows.size(); ++k) {
        Long y = t_[rows[k]](c);
        for (std::size_t h = 0; h < S.size(); ++h)
          y -= (1 - theta(S, rows[k], h)) * a_[rows[k]][h][static_cast<std::size_t>(c)];
        sum += mu[k] * y;
      }
      worst = std::max(worst, std::abs(sum) / total);
    }
    return worst;
  }

  std::vector<std::vector<Long>> S_;
  std::vector<std::vector<std::vector<Long>>> a_;
  std::vector<Vector<double>> t_;
};

}  // namespace

TEST_CASE("of one head - it is the floor of theory 2.3") {
  RandomNumbers random(811);
  const WorkingPrecision scope(128);
  for (int n = 0; n < 40; ++n) {
    const LayerInstance instance =
        random_layer_instance(random, random.integer(1, 4), 1, random.integer(2, 6));
    std::vector<FloorExample> examples;
    examples.reserve(instance.examples.size());
    for (const LayerExample& example : instance.examples)
      examples.push_back({example.heads.front(), example.target});
    const auto known = MemorizationFloor(examples).bounds(30, Rational(1, 1000000000));
    LayerFloorOptions options;
    options.width = 0.001;
    const auto bounds = layer_floor(instance.examples, options);
    REQUIRE(bounds.has_value());
    CHECK(bounds->lower <= known.upper);
    CHECK(bounds->upper >= known.lower);
    CHECK(bounds->upper <= known.upper * Rational(1002, 1000));
    CHECK(bounds->lower >= known.lower * Rational(998, 1000));
  }
}

TEST_CASE(
    "of two and three heads - no weights have less by cofactors than the lower end and some come close") {
  RandomNumbers random(812);
  const WorkingPrecision scope(128);
  const long count = repetitions(15);
  long close = 0;
  for (long n = 0; n < count; ++n) {
    const Index H = n % 5 == 4 ? 3 : 2;
    const LayerInstance instance =
        random_layer_instance(random, random.integer(2, 3), H, H + random.integer(1, 3));
    LayerFloorOptions options;
    if (H == 3) options.boxes = 600;
    const auto bounds = layer_floor(instance.examples, options);
    REQUIRE(bounds.has_value());
    const double lower = bounds->lower.convert_to<double>(), upper = bounds->upper.convert_to<double>();
    CHECK(lower <= upper);
    if (H == 2 && upper > 1e-6) CHECK(lower >= 0.949 * upper);
    const AtWeights value(instance.examples);
    // Random weights, then a walk downhill from the best of them, on the logarithms of S.
    std::vector<Long> best(static_cast<std::size_t>(H), 1);
    Long least = value(best);
    const auto move_to = [&](const std::vector<Long>& S) {
      for (const Long weight : S)
        if (std::abs(std::log(weight)) > 10) return;
      const Long here = value(S);
      REQUIRE(here >= lower * (1 - 1e-9));
      if (here < least) {
        least = here;
        best = S;
      }
    };
    for (int k = 0; k < 800; ++k) {
      std::vector<Long> S;
      S.reserve(static_cast<std::size_t>(H));
      for (Index h = 0; h < H; ++h) S.push_back(std::exp(10 * random.rational(-1, 1).convert_to<double>()));
      move_to(S);
    }
    for (int k = 0; k < 1600; ++k) {
      std::vector<Long> S = best;
      const double size = std::pow(0.995, k) * 2;
      for (Long& weight : S) weight *= std::exp(size * random.rational(-1, 1).convert_to<double>());
      move_to(S);
    }
    close += least <= 1.06 * upper ? 1 : 0;
  }
  CHECK(2 * close > count);
}

TEST_CASE("no prompt falls below the floor of its layer") {
  RandomNumbers random(813);
  const WorkingPrecision scope(128);
  for (int n = 0; n < 6; ++n) {
    const Index d = random.integer(2, 3);
    const LayerInstance instance = random_layer_instance(random, d, 2, 3 + n % 2);
    const auto bounds = layer_floor(instance.examples);
    REQUIRE(bounds.has_value());
    const Transformer<Interval> model = from_rational<Interval>(instance.model);
    for (int trial = 0; trial < 20; ++trial) {
      const Matrix<Rational> prompt = random.matrix(d, random.integer(0, 4), -trial, trial + 1);
      Interval error;
      for (std::size_t i = 0; i < instance.examples.size(); ++i) {
        const Matrix<Interval> output =
            evaluate(model, from_rational<Interval>(prompt), from_rational<Interval>(instance.tokens[i]));
        for (Index c = 0; c < d; ++c) {
          const Rational wanted = instance.tokens[i](c, 0) + instance.examples[i].target(c);
          error = max(error, abs(output(c, 0) - Interval(wanted)));
        }
      }
      CHECK(certainly_less(Interval(bounds->lower), error));
    }
  }
}

TEST_CASE("degenerate layers have bounds that hold") {
  RandomNumbers random(814);
  const WorkingPrecision scope(128);
  // Two equal heads span nothing more than one at equal weights; and heads that see no difference.
  LayerInstance instance = random_layer_instance(random, 2, 2, 4);
  for (LayerExample& example : instance.examples) example.heads[1] = example.heads[0];
  LayerFloorOptions options;
  options.boxes = 400;
  const auto equal = layer_floor(instance.examples, options);
  REQUIRE(equal.has_value());
  const AtWeights value(instance.examples);
  for (int k = 1; k < 200; ++k) {
    const Long ratio = std::exp(0.02L * k);
    for (const Long S : {0.01L, 1.0L, 100.0L})
      REQUIRE(value({S, S * ratio}) >= equal->lower.convert_to<double>() * (1 - 1e-6));
  }
  // Targets that the empty prompt gives: the floor is 0, and no tree is offered.
  for (LayerExample& example : instance.examples) {
    for (AttentionSums& sums : example.heads)
      for (auto& weighted : sums.weighted_values) weighted = ExponentialSum();
    example.target.setZero();
  }
  const auto nothing = layer_floor(instance.examples, options);
  REQUIRE(nothing.has_value());
  CHECK(nothing->lower == 0);
  CHECK_FALSE(nothing->tree.has_value());
  CHECK(nothing->upper < Rational(1, 1000000000));
  CHECK_THROWS_AS((void)layer_floor({instance.examples[0], instance.examples[1]}), InputError);
}

TEST_CASE("a level between the ends is decided where it can be") {
  RandomNumbers random(815);
  const WorkingPrecision scope(128);
  const LayerInstance instance = random_layer_instance(random, 2, 2, 4);
  const auto wide = layer_floor(instance.examples);
  REQUIRE(wide.has_value());
  LayerFloorOptions options;
  options.beyond = wide->upper * Rational(99, 100);
  const auto narrow = layer_floor(instance.examples, options);
  REQUIRE(narrow.has_value());
  CHECK((narrow->lower >= *options.beyond || narrow->upper <= *options.beyond));
}

#include <doctest/doctest.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/trained_layer.hpp>
#include <promptbound/transformer/transformer.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

class RandomLayers {
 public:
  explicit RandomLayers(std::uint64_t seed) : random(seed) {}

  Matrix<double> weights(Index rows, Index columns) {
    return random.matrix(rows, columns).unaryExpr([](const Rational& x) { return from_rational<double>(x); });
  }
  Affine map(Index out, Index in) { return {weights(out, in), weights(out, 1)}; }
  NormWeights norm(NormKind kind, Index width) {
    return {kind, Rational(1, 100), weights(width, 1), weights(width, 1)};
  }
  /// `groups` groups of `shared` heads of width 2.
  TrainedLayer layer(Index width, int groups, int shared) {
    TrainedLayer made;
    for (int g = 0; g < groups; ++g) {
      KeyGroup& group = made.attention.groups.emplace_back();
      group.key = map(2, width);
      group.value = map(2, width);
      for (int h = 0; h < shared; ++h) group.queries.push_back({map(2, width), weights(width, 2)});
    }
    made.attention.output_bias = weights(width, 1);
    made.attention.score_divisor = 2;
    made.ffn = {weights(3, width), weights(3, 1),     std::nullopt,
                Activation::gelu,  weights(width, 3), weights(width, 1)};
    made.norm_1 = norm(NormKind::layer, width);
    made.norm_2 = norm(NormKind::layer, width);
    return made;
  }

  RandomNumbers random;
};

/// Every combination of places and kinds of norms, masks, positions, gates and activations.
std::vector<TrainedLayer> all_kinds(RandomLayers& random, Index width) {
  std::vector<TrainedLayer> layers;
  for (const NormPlace place : {NormPlace::before, NormPlace::after}) {
    for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
      for (const Mask mask : {Mask::causal, Mask::bidirectional}) {
        for (const bool turns : {false, true}) {
          for (const bool gated : {false, true}) {
            for (const Activation activation : {Activation::relu, Activation::gelu, Activation::gelu_tanh,
                                                Activation::gelu_fast, Activation::silu}) {
              TrainedLayer layer = random.layer(width, 2, 2);
              layer.norms = place;
              layer.norm_1.kind = layer.norm_2.kind = kind;
              layer.attention.mask = mask;
              if (turns) layer.attention.rotary = RotaryPositions{100};
              if (gated) layer.ffn.gate = random.map(3, width);
              layer.ffn.activation = activation;
              layers.push_back(std::move(layer));
            }
          }
        }
      }
    }
  }
  return layers;
}

template <class Scalar>
Sequence<Scalar> layer_output(const TrainedLayer& layer, const Sequence<Rational>& Z) {
  return through_layer(layer, from_rational<Scalar>(Z));
}

void check_same(const Sequence<Interval>& A, const Sequence<Interval>& B) {
  REQUIRE(A.rows() == B.rows());
  REQUIRE(A.cols() == B.cols());
  for (Index k = 0; k < A.size(); ++k) {
    CHECK_NOTHROW(static_cast<void>(intersection(A(k), B(k))));
    CHECK(A(k).upper() - A(k).lower() < Rational(1, 1000000000));
    CHECK(B(k).upper() - B(k).lower() < Rational(1, 1000000000));
  }
}

}  // namespace

TEST_CASE("trained layers of every kind in every scalar: enclosures are nested around the precise output") {
  RandomLayers random(2631);
  for (const TrainedLayer& layer : all_kinds(random, 3)) {
    const Sequence<Rational> Z = random.random.matrix(3, 3, -2, 2);
    const WorkingPrecision coarse(64);
    const auto fast = layer_output<FastInterval>(layer, Z);
    const auto certified = layer_output<Interval>(layer, Z);
    const auto plain = layer_output<double>(layer, Z);
    const WorkingPrecision fine(256);
    const auto tight = layer_output<Interval>(layer, Z);
    const auto precise = layer_output<Real>(layer, Z);
    REQUIRE(tight.cols() == 3);
    for (Index k = 0; k < Z.size(); ++k) {
      CHECK(Interval(fast(k)).contains(tight(k)));
      CHECK(certified(k).contains(tight(k)));
      CHECK(certified(k).contains(static_cast<Rational>(precise(k))));
      CHECK(abs(Rational(Rational(plain(k)) - tight(k).lower())) < Rational(1, 1000000000));
      CHECK(tight(k).upper() - tight(k).lower() < Rational(1, power(Integer(10), 40UL)));
    }
  }
}

TEST_CASE("the blocks of a trained layer are those of theory 0 - on tokens that are normed") {
  const WorkingPrecision scope(192);
  RandomLayers random(2632);
  for (const Mask mask : {Mask::causal, Mask::bidirectional}) {
    TrainedLayer layer = random.layer(3, 2, 1);
    layer.attention.mask = mask;
    layer.attention.score_divisor = 1;
    layer.ffn.activation = Activation::relu;
    Layer<Interval> theory;
    const auto exact = [](const Matrix<double>& W) {
      return Matrix<Interval>(W.unaryExpr([](double x) { return Interval(x); }));
    };
    for (KeyGroup& group : layer.attention.groups) {
      for (Affine* map : {&group.key, &group.value, &group.queries[0].query}) map->b.setZero();
      theory.heads.push_back({exact(group.queries[0].query.W), exact(group.key.W), exact(group.value.W),
                              exact(group.queries[0].output)});
    }
    const FeedForward<Interval> ffn{exact(layer.ffn.W_1), exact(layer.ffn.b_1), exact(layer.ffn.W_2),
                                    exact(layer.ffn.b_2)};
    const auto Z = from_rational<Interval>(random.random.matrix(3, 4));
    const auto U = normalized(layer.norm_1, Z);
    Sequence<Interval> attended = attention_block(theory.heads, U, mask) - U + Z;
    add_to_each(attended, layer.attention.output_bias);
    const auto V = normalized(layer.norm_2, attended);
    check_same(through_layer(layer, Z), feed_forward_block(ffn, V) - V + attended);
    layer.norms = NormPlace::after;
    Sequence<Interval> sum = attention_block(theory.heads, Z, mask);
    add_to_each(sum, layer.attention.output_bias);
    check_same(through_layer(layer, Z),
               normalized(layer.norm_2, feed_forward_block(ffn, normalized(layer.norm_1, sum))));
  }
}

TEST_CASE("heads that share keys are heads with equal keys") {
  const WorkingPrecision scope(128);
  RandomLayers random(2633);
  for (const bool turns : {false, true}) {
    TrainedLayer shared = random.layer(3, 2, 3);
    if (turns) shared.attention.rotary = RotaryPositions{100, LinearScaling{2}};
    TrainedLayer copied = shared;
    copied.attention.groups.clear();
    for (const KeyGroup& group : shared.attention.groups) {
      for (const KeyGroup::QueryHead& head : group.queries) {
        copied.attention.groups.push_back({group.key, group.value, {head}});
      }
    }
    const auto Z = from_rational<Interval>(random.random.matrix(3, 4));
    check_same(through_layer(shared, Z), through_layer(copied, Z));
  }
}

TEST_CASE("causal layers do not see what comes later and bidirectional ones do") {
  RandomLayers random(2634);
  for (TrainedLayer& layer : all_kinds(random, 3)) {
    const auto Z = from_rational<double>(random.random.matrix(3, 4));
    const auto whole = through_layer(layer, Z), start = through_layer(layer, Sequence<double>(Z.leftCols(2)));
    const double change = (whole.leftCols(2) - start).cwiseAbs().maxCoeff();
    CHECK((change == doctest::Approx(0)) == (layer.attention.mask == Mask::causal));
  }
}

TEST_CASE("a gate of constant output 1 changes nothing but the activation") {
  const WorkingPrecision scope(128);
  RandomLayers random(2635);
  TrainedLayer gated = random.layer(3, 1, 1), linear = gated;
  gated.ffn.activation = Activation::relu;
  gated.ffn.gate = Affine{Matrix<double>::Zero(3, 3), Vector<double>::Ones(3)};
  // relu(x + 100) - 100 = x for the hidden values that occur.
  linear.ffn.activation = Activation::relu;
  linear.ffn.b_1.array() += 100;
  Sequence<double> minus = linear.ffn.W_2 * Vector<double>::Constant(3, -100);
  const auto Z = from_rational<Interval>(random.random.matrix(3, 2));
  Sequence<Interval> shifted = through_layer(linear, Z);
  for (Index token = 0; token < 2; ++token) {
    for (Index row = 0; row < 3; ++row) shifted(row, token) += Interval(minus(row, 0));
  }
  const auto expected = through_layer(gated, Z);
  for (Index k = 0; k < expected.size(); ++k) {
    CHECK(abs(expected(k) - shifted(k)).upper() < Rational(1, 1000000000));
  }
}

TEST_CASE("scores are divided by the root of the divisor") {
  const WorkingPrecision scope(128);
  RandomLayers random(2636);
  TrainedLayer layer = random.layer(3, 1, 1), scaled = layer;
  layer.attention.score_divisor = 16;
  scaled.attention.score_divisor = 1;
  scaled.attention.groups[0].queries[0].query.W /= 4;
  scaled.attention.groups[0].queries[0].query.b /= 4;
  const auto Z = from_rational<Interval>(random.random.matrix(3, 4));
  check_same(through_layer(layer, Z), through_layer(scaled, Z));
}

TEST_CASE("a layer is exact in rationals where roots and exponentials are") {
  // RMS norms with roots 6 and 12; scores of 0.
  TrainedLayer layer;
  const NormWeights norm{NormKind::rms, 11, Vector<double>::Constant(2, 6), Vector<double>::Zero(2)};
  layer.norm_1 = layer.norm_2 = norm;
  layer.norm_2.epsilon = 44;
  layer.norm_2.gain.setConstant(12);
  const Matrix<double> identity = Matrix<double>::Identity(2, 2), zero = Matrix<double>::Zero(2, 2);
  const Vector<double> none = Vector<double>::Zero(2);
  layer.attention.mask = Mask::bidirectional;
  layer.attention.groups.push_back({{identity, none}, {identity, none}, {{{zero, none}, identity}}});
  layer.attention.output_bias = none;
  layer.ffn = {identity, Vector<double>::Constant(2, -3), std::nullopt, Activation::relu, identity, none};
  Sequence<Rational> Z(2, 2), expected(2, 2);
  Z << 1, 1, 7, 7;
  // Attention doubles the tokens, the mean square of (2, 14) is 100, and 100 + 44 = 12^2.
  expected << 2, 2, 25, 25;
  CHECK(through_layer(layer, Z) == expected);
  layer.ffn.activation = Activation::gelu;
  CHECK_THROWS_AS(static_cast<void>(through_layer(layer, Z)), InputError);
}

TEST_CASE("tokens enter with the codes of their positions and are normed where the model does so") {
  InputWeights input;
  Sequence<Rational> tokens(2, 2), expected(2, 2);
  tokens << 1, 2, 3, 4;
  CHECK(embedded(input, tokens) == tokens);
  input.position_codes = Matrix<double>(2, 2);
  *input.position_codes << 0.5, 1, 2, 3;
  input.common_code = Vector<double>::Constant(2, -1);
  expected << Rational(1, 2), 2, 4, 6;
  CHECK(embedded(input, tokens) == expected);
  // The sum (1/2, 2) has the variance 9/16, and 9/16 + 1 = (5/4)^2.
  input.norm = NormWeights{NormKind::layer, 1, Vector<double>::Ones(2), Vector<double>::Zero(2)};
  tokens = Sequence<Rational>::Constant(2, 1, Rational(1));
  expected = Sequence<Rational>(2, 1);
  expected << Rational(-3, 5), Rational(3, 5);
  CHECK(embedded(input, tokens) == expected);
  CHECK_THROWS_AS(static_cast<void>(embedded(input, Sequence<Rational>(Sequence<Rational>::Zero(2, 3)))),
                  InputError);
}

// Bounds of one map on a ball around its tokens, against its derivatives at random tokens of the ball.
#include <doctest/doctest.h>

#include <promptbound/models/language_model.hpp>
#include <promptbound/verify/audit/attention_on_ball.hpp>
#include <promptbound/verify/audit/feed_forward_on_ball.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>

#include "models/small_language_model.hpp"

using namespace promptbound;

namespace {

constexpr Index tokens = 4, width = 8;

Matrix<double> random_tokens(RandomNumbers& random, double size) {
  return random.matrix(width, tokens).unaryExpr([&](const Rational& x) {
    return size * x.convert_to<double>();
  });
}

/// A change of every token by a vector of exactly this length.
Matrix<double> of_length(RandomNumbers& random, double length) {
  Matrix<double> change = random_tokens(random, 1);
  for (Index t = 0; t < tokens; ++t) change.col(t) *= length / change.col(t).norm();
  return change;
}

Matrix<FastInterval> enclosed(const Matrix<double>& X) {
  return X.unaryExpr([](double x) { return FastInterval(x); });
}

/// Every token this far from the centre; nothing is known of a prompt.
OnBall ball_of(double deviation) {
  OnBall ball;
  ball.radius = UpperBound(std::numeric_limits<double>::infinity());
  ball.error = UpperBounds(tokens, 0);
  ball.size = UpperBounds(tokens, 1);
  ball.deviation.assign(tokens, UpperBound(deviation));
  return ball;
}

/// make(tokens) gives the map centred at tokens; a Jacobian that is 0 says that all of its centre is wanted.
template <class Make>
void check_map(RandomNumbers& random, const Matrix<double>& centre, const Make& make) {
  const auto at_centre = make(centre);
  for (const double deviation : {1e-3, 0.1, 1.0, 10.0}) {
    CAPTURE(deviation);
    const Matrix<double> unit = of_length(random, 1);
    UpperBounds ones = UpperBounds(tokens, 1);
    for (Index t = 0; t < tokens; ++t) ones(t, 0) = UpperBound(1);
    const MapOnBall bounds = at_centre->on_ball(ball_of(deviation), ones);
    for (int trial = 0; trial < 40; ++trial) {
      const double share = trial % 4 == 0 ? 1 : random.rational(0, 1).convert_to<double>();
      const auto elsewhere = make(centre + of_length(random, deviation * share));
      const Matrix<double> direction = of_length(random, 1);
      for (Index i = 0; i < tokens; ++i) {
        const Index first = at_centre->first_source(i);
        const BallMatrix here = at_centre->derivative(i), there = elsewhere->derivative(i);
        const Matrix<double> step = direction.middleCols(first, here.cols() / width);
        const Vector<double> v = step.reshaped();
        const double change = ((there.mid() - here.mid()) * v).norm(), whole = (there.mid() * v).norm();
        CHECK(change <= bounds.change(i, 0).value() * (1 + 1e-9) + 1e-9);
        CHECK(whole <= bounds.plain(i, 0).value() * (1 + 1e-9) + 1e-9);
      }
    }
  }
}

}  // namespace

TEST_CASE("norms: the derivative, its change, and the image") {
  RandomNumbers random(911);
  for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
    for (const double size : {0.01, 1.0, 20.0}) {
      NormWeights norm{kind, Rational(1, 1000), Vector<double>(width), Vector<double>::Ones(width)};
      for (double& g : norm.gain) g = random.rational(-2, 2).convert_to<double>();
      const Matrix<double> centre = random_tokens(random, size);
      check_map(random, centre,
                [&](const Matrix<double>& X) { return std::make_unique<CentredNorm>(norm, enclosed(X)); });
      const CentredNorm map(norm, enclosed(centre));
      const Matrix<FastInterval> image = normalized(norm, enclosed(centre));
      for (const double deviation : {0.01, 1.0, 10.0}) {
        const MapOnBall bounds = map.on_ball(ball_of(deviation), UpperBounds(tokens, 1));
        const Matrix<FastInterval> other = normalized(norm, enclosed(centre + of_length(random, deviation)));
        for (Index t = 0; t < tokens; ++t) {
          double squares = 0;
          for (Index k = 0; k < width; ++k) squares += std::pow(other(k, t).lower() - image(k, t).lower(), 2);
          CHECK(std::sqrt(squares) <= bounds.moved[static_cast<std::size_t>(t)].value() * (1 + 1e-9) + 1e-9);
        }
      }
    }
  }
}

TEST_CASE("the second derivative of a norm is nearly as large as its bound somewhere") {
  // Along the token, where its length is sqrt(d eps/2): t^2 = 1/3.
  Matrix<double> centre = Matrix<double>::Zero(width, tokens);
  const double epsilon = 0.125;
  centre.row(0).setConstant(std::sqrt(width * epsilon / 2));
  const NormWeights norm{NormKind::rms, Rational(1, 8), Vector<double>::Ones(width),
                         Vector<double>::Zero(width)};
  const double h = 1e-5;
  Matrix<double> beside = centre;
  beside.row(0).array() += h;
  const NormOnBall at_centre(norm, enclosed(centre)), other(norm, enclosed(beside));
  const double change = norm_enclosure(at_centre.derivative(0) - other.derivative(0)).upper();
  const double bound = at_centre.change(0, UpperBound(h)).value();
  CHECK(change <= bound);
  CHECK(change >= 0.99 * bound);
}

TEST_CASE("attention and feed-forward blocks: derivatives and their change") {
  RandomNumbers random(912);
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    write_small_model(folder, family, 913);
    const TrainedLayer layer = LanguageModel(folder.path()).layer(0);
    const bool is_before = layer.norms == NormPlace::before;
    const PromptJacobian none{1, Matrix<double>::Zero(tokens * width, width), {}};
    const Matrix<double> centre = random_tokens(random, 1);
    check_map(random, centre, [&](const Matrix<double>& X) {
      return std::make_unique<CentredAttention>(layer.attention, is_before ? &layer.norm_1 : nullptr,
                                                enclosed(X), projected(layer, enclosed(X)), nullptr);
    });
    for (const Activation activation : {layer.ffn.activation, Activation::relu}) {
      TrainedFeedForward ffn = layer.ffn;
      ffn.activation = activation;
      check_map(random, centre, [&](const Matrix<double>& X) {
        return std::make_unique<CentredFeedForward>(ffn, is_before ? &layer.norm_2 : nullptr, enclosed(X),
                                                    &none);
      });
    }
  }
}

TEST_CASE("upper bounds round upward and know no more than they are told") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK((UpperBound(1) + UpperBound(0x1p-80)).value() > 1);
  CHECK((UpperBound(0.1) * UpperBound(0.1)).value() >= 0.010000000000000002);
  CHECK((UpperBound(1) / 3).value() * 3 >= 1);
  CHECK(Rational((UpperBound(1) / 3).value()) * 3 >= 1);
  CHECK(square(Interval(sqrt(UpperBound(2)).value())).lower_double() >= 2);
  CHECK((UpperBound(0) * UpperBound(infinity)).value() == infinity);
  CHECK((UpperBound(1) / 0).value() == infinity);
  CHECK(UpperBound(-1.0).value() == infinity);
  CHECK(UpperBound(std::numeric_limits<double>::quiet_NaN()).value() == infinity);
  CHECK((UpperBound(0) * UpperBound(3)).value() == 0);
}

// Slopes of activations, and how fast they change.
#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/transformer/activation.hpp>

using namespace promptbound;

namespace {

constexpr Activation all[] = {Activation::relu, Activation::gelu, Activation::gelu_tanh,
                              Activation::gelu_fast, Activation::silu};

}  // namespace

TEST_CASE("slopes enclose difference quotients") {
  for (const Activation activation : all) {
    CAPTURE(name(activation));
    for (int k = -400; k <= 400; ++k) {
      const double x = k / 50.0 + 1e-3, h = 1e-6;
      const double quotient = (activate(activation, x + h) - activate(activation, x - h)) / (2 * h);
      const Interval found = slope(activation, Interval(x));
      CHECK(found.lower_double() <= quotient + 1e-8);
      CHECK(quotient - 1e-8 <= found.upper_double());
      CHECK(found.upper_double() - found.lower_double() <= 1e-12);
      const Interval wide = slope(activation, hull(Interval(x - 0.25), Interval(x + 0.25)));
      CHECK(wide.contains(found));
    }
  }
  const Interval kink = slope(Activation::relu, hull(Interval(-1), Interval(1)));
  CHECK(kink.lower_double() == 0);
  CHECK(kink.upper_double() == 1);
}

TEST_CASE("slopes change no faster than their constants") {
  CHECK_FALSE(slope_lipschitz_constant(Activation::relu));
  for (const Activation activation : all) {
    const auto constant = slope_lipschitz_constant(activation);
    if (!constant) continue;
    CAPTURE(name(activation));
    const double c = constant->convert_to<double>();
    double largest = 0;
    for (int k = -1200; k < 1200; ++k) {
      const Interval a = slope(activation, Interval(k / 100.0)),
                     b = slope(activation, Interval((k + 1) / 100.0));
      const double quotient = 100 * abs(b - a).upper_double();
      CHECK(quotient <= c + 1e-9);
      largest = std::max(largest, quotient);
    }
    CHECK(largest >= 0.98 * c);
  }
}

TEST_CASE("the second derivative of the tanh forms, enclosed cell by cell") {
  // f = x sigma(w), w = 2 scale (x + 0.044715 x^3). Beyond |x| = 8, w' sigma'(w) and what it is multiplied by
  // are below 10^-30 x^5.
  const double limit = slope_lipschitz_constant(Activation::gelu_tanh)->convert_to<double>();
  for (const double scale : {0.7978845608028654, 0.7978845608}) {
    double largest = 0;
    for (int k = -8 * 256; k < 8 * 256; ++k) {
      const Interval x = hull(Interval(k / 256.0), Interval((k + 1) / 256.0));
      const Interval c(0.044715), twice = Interval(2 * scale);
      const Interval w = twice * (x + c * power(x, 3UL)),
                     w_1 = twice * (Interval(1) + Interval(3) * c * square(x)),
                     w_2 = twice * Interval(6) * c * x;
      const Interval s = sigmoid(w), s_1 = s * sigmoid(-w), s_2 = s_1 * (Interval(1) - Interval(2) * s);
      const Interval second = Interval(2) * s_1 * w_1 + x * (s_2 * square(w_1) + s_1 * w_2);
      largest = std::max(largest, abs(second).upper_double());
    }
    CHECK(largest <= limit);
  }
}

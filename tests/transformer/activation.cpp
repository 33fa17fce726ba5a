#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/activation.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

long double naive_value(Activation activation, long double x) {
  switch (activation) {
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::gelu:
      return x * std::erfc(-x / std::sqrt(2.0L)) / 2;
    case Activation::gelu_tanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0L)) * (x + 0.044715L * x * x * x)));
    case Activation::gelu_fast:
      return x / 2 * (1 + std::tanh(0.7978845608L * (x + 0.044715L * x * x * x)));
    default:
      return x / (1 + std::exp(-x));
  }
}

/// The derivative of x sigma(t(x)) over an interval: sigma + x t' sigma (1 - sigma).
Interval derivative(Activation activation, const Interval& x) {
  Interval t = x, slope(1);
  if (activation != Activation::silu) {
    const Interval scale =
        Interval(2) * (activation == Activation::gelu_fast ? Interval(Rational(7978845608, 10000000000))
                                                           : sqrt(Interval(2) / interval_pi()));
    const Interval cubic{Rational(44715, 1000000)};
    t = scale * (x + cubic * power(x, 3UL));
    slope = scale * (Interval(1) + Interval(3) * cubic * square(x));
  }
  const Interval sigma = sigmoid(t);
  return sigma + x * slope * sigma * (Interval(1) - sigma);
}

}  // namespace

TEST_CASE("activations contain independent values and are tight") {
  RandomNumbers random(2501);
  for (const Activation activation :
       {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::gelu_fast, Activation::silu}) {
    for (int i = 0; i < 300; ++i) {
      const double x = random.rational(-6, 6).convert_to<double>();
      const WorkingPrecision scope(80);
      const Interval value = activate(activation, Interval(x));
      const long double reference = naive_value(activation, x);
      CHECK(static_cast<long double>(value.upper_double()) >= reference - 1e-17L);
      CHECK(static_cast<long double>(value.lower_double()) <= reference + 1e-17L);
      CHECK(value.upper_double() - value.lower_double() <= 1e-14);
      // An interval covers the values at its points, and no activation exceeds its argument.
      const Interval wide = activate(activation, Interval(Interval(x), Interval(x + 0.25)));
      CHECK(wide.contains(value));
      CHECK(certainly_less_equal(abs(value), abs(Interval(x)) + Interval(Rational(1, 1000000000))));
    }
  }
}

TEST_CASE("extreme arguments stay finite") {
  for (const double x : {-1e300, -1000.0, 1000.0, 1e100}) {
    const Interval value = sigmoid(Interval(x));
    CHECK(value.is_finite());
    CHECK(certainly_less_equal(Interval(0), value));
    CHECK(certainly_less_equal(value, Interval(1)));
    CHECK(normal_distribution(Interval(x)).is_finite());
  }
}

TEST_CASE("the Lipschitz constants bound every derivative and are not far above") {
  // Beyond |x| = 12 the second term is below 2e-6 and falling, so the derivative is within 2e-6 of 0 or 1.
  const WorkingPrecision scope(60);
  for (const Activation activation : {Activation::gelu_tanh, Activation::gelu_fast, Activation::silu}) {
    const Interval constant(lipschitz_constant(activation));
    Interval largest(0);
    constexpr int parts = 4096;
    for (int i = -12 * parts; i < 12 * parts; ++i) {
      const Interval x(Interval(Rational(i, parts)), Interval(Rational(i + 1, parts)));
      const Interval size = abs(derivative(activation, x));
      CHECK(certainly_less(size, constant));
      largest = max(largest, size.lower_point());
    }
    CHECK(certainly_less(constant - Interval(Rational(1, 100)), largest));
  }
  // gelu: Phi(sqrt 2) + e^-1/sqrt(pi).
  const Interval peak = normal_distribution(sqrt(Interval(2))) + exp(Interval(-1)) / sqrt(interval_pi());
  CHECK(certainly_less(peak, Interval(lipschitz_constant(Activation::gelu))));
  CHECK(certainly_less(Interval(Rational(1128, 1000)), peak));
}

TEST_CASE("activations in every scalar: nested enclosures - exact in rationals at 0 and for relu") {
  RandomNumbers random(2502);
  for (const Activation activation :
       {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::gelu_fast, Activation::silu}) {
    for (int i = 0; i < 50; ++i) {
      const Rational x = random.rational(-6, 6);
      const WorkingPrecision coarse(64);
      const auto fast = activate(activation, from_rational<FastInterval>(x));
      const auto certified = activate(activation, from_rational<Interval>(x));
      const double plain = activate(activation, from_rational<double>(x));
      const WorkingPrecision fine(200);
      const Interval tight = activate(activation, from_rational<Interval>(x));
      const Real precise = activate(activation, from_rational<Real>(x));
      CHECK(Interval(fast).contains(tight));
      CHECK(certified.contains(tight));
      CHECK(certified.contains(static_cast<Rational>(precise)));
      CHECK(abs(Rational(Rational(plain) - tight.lower())) < Rational(1, 1000000000));
    }
    CHECK(activate(activation, Rational(0)) == 0);
  }
  CHECK(activate(Activation::relu, Rational(-1, 3)) == 0);
  CHECK(activate(Activation::relu, Rational(1, 3)) == Rational(1, 3));
  CHECK_THROWS_AS(static_cast<void>(activate(Activation::silu, Rational(1))), InputError);
}

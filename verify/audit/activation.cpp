#include <promptbound/verify/audit/activation.hpp>

namespace promptbound {
namespace {

Interval sigmoid_at(const Interval& x) { return Interval(1) / (Interval(1) + exp(-x)); }

/// erf is increasing: its ends at the ends.
Interval erf(const Interval& x) {
  Interval result = x;
  mpfr_erf(&result.get()->left, &x.get()->left, MPFR_RNDD);
  mpfr_erf(&result.get()->right, &x.get()->right, MPFR_RNDU);
  return result;
}

/// x (1 + tanh(scale (x + 0.044715 x^3)))/2 = x sigma(2 scale (x + 0.044715 x^3)).
Interval tanh_form(const Interval& x, const Interval& scale) {
  const Interval cubic{Rational(44715, 1000000)};
  return x * sigmoid(Interval(2) * scale * (x + cubic * power(x, 3UL)));
}

}  // namespace

Interval sigmoid(const Interval& x) { return hull(sigmoid_at(x.lower_point()), sigmoid_at(x.upper_point())); }

Interval normal_distribution(const Interval& x) {
  return (Interval(1) + erf(x / sqrt(Interval(2)))) / Interval(2);
}

Interval activate(Activation activation, const Interval& x) {
  switch (activation) {
    case Activation::relu:
      return max(x, Interval(0));
    case Activation::gelu:
      return x * normal_distribution(x);
    case Activation::gelu_tanh:
      return tanh_form(x, sqrt(Interval(2) / interval_pi()));
    case Activation::gelu_fast:
      return tanh_form(x, Interval(Rational(7978845608, 10000000000)));
    default:
      return x * sigmoid(x);
  }
}

Rational lipschitz_constant(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return 1;
    case Activation::silu:
      return {11, 10};
    default:
      return {113, 100};
  }
}

}  // namespace promptbound

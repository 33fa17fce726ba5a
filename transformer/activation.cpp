#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/activation.hpp>

namespace promptbound {
namespace {

/// What an activation needs of real numbers: 1/(1 + e^-x), Phi(x), x^3 and sqrt(2/pi).
template <class Scalar>
struct RealFunctions {
  static Scalar sigmoid(const Scalar& x) {
    using std::exp;
    return Scalar(1) / (Scalar(1) + exp(Scalar(-x)));
  }
  static Scalar normal_distribution(const Scalar& x) {
    // Phi(x) = erfc(-x/sqrt(2))/2 keeps its digits for negative x.
    using std::sqrt;
    return complementary_error(Scalar(-x / sqrt(Scalar(2)))) / Scalar(2);
  }
  static Scalar cube(const Scalar& x) { return x * x * x; }
  static Scalar root_of_2_by_pi() {
    using std::sqrt, std::atan;
    return sqrt(Scalar(1) / (Scalar(2) * atan(Scalar(1))));
  }

 private:
  static double complementary_error(double x) { return std::erfc(x); }
  static Real complementary_error(const Real& x) {
    Real result;
    mpfr_erfc(result.backend().data(), x.backend().data(), MPFR_RNDN);
    return result;
  }
};

/// The root at the working precision, computed once for each thread: it costs more than the exponential.
template <>
Real RealFunctions<Real>::root_of_2_by_pi() {
  thread_local Real root;
  thread_local long bits = 0;
  if (bits != working_precision()) {
    root = Real(sqrt(Real(1) / (Real(2) * atan(Real(1)))));
    bits = working_precision();
  }
  return root;
}

template <>
struct RealFunctions<Interval> {
  static Interval sigmoid(const Interval& x) { return promptbound::sigmoid(x); }
  static Interval normal_distribution(const Interval& x) { return promptbound::normal_distribution(x); }
  static Interval cube(const Interval& x) { return power(x, 3UL); }
  static Interval root_of_2_by_pi() { return sqrt(Interval(2) / interval_pi()); }
};

/// x (1 + tanh(scale (x + 0.044715 x^3)))/2 = x sigma(2 scale (x + 0.044715 x^3)).
template <class Scalar>
Scalar tanh_form(const Scalar& x, const Scalar& scale) {
  using Functions = RealFunctions<Scalar>;
  const Scalar cubic = from_rational<Scalar>(Rational(44715, 1000000));
  return x * Functions::sigmoid(Scalar(Scalar(2) * scale * (x + cubic * Functions::cube(x))));
}

Interval sigmoid_at(const Interval& x) { return Interval(1) / (Interval(1) + exp(-x)); }

/// erf is increasing: its ends at the ends.
Interval erf(const Interval& x) {
  Interval result = x;
  mpfr_erf(&result.get()->left, &x.get()->left, MPFR_RNDD);
  mpfr_erf(&result.get()->right, &x.get()->right, MPFR_RNDU);
  return result;
}

}  // namespace

std::string_view name(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return "relu";
    case Activation::gelu:
      return "gelu";
    case Activation::gelu_tanh:
      return "gelu (tanh form)";
    case Activation::gelu_fast:
      return "gelu_fast (tanh form)";
    default:
      return "silu";
  }
}

Interval sigmoid(const Interval& x) { return hull(sigmoid_at(x.lower_point()), sigmoid_at(x.upper_point())); }

Interval normal_distribution(const Interval& x) {
  return (Interval(1) + erf(x / sqrt(Interval(2)))) / Interval(2);
}

template <class Scalar>
Scalar activate(Activation activation, const Scalar& x) {
  using Functions = RealFunctions<Scalar>;
  switch (activation) {
    case Activation::relu:
      return relu(x);
    case Activation::gelu:
      return x * Functions::normal_distribution(x);
    case Activation::gelu_tanh:
      return tanh_form(x, Functions::root_of_2_by_pi());
    case Activation::gelu_fast:
      return tanh_form(x, from_rational<Scalar>(Rational(7978845608, 10000000000)));
    default:
      return x * Functions::sigmoid(x);
  }
}
template <>
FastInterval activate(Activation activation, const FastInterval& x) {
  if (activation == Activation::relu) return relu(x);
  return FastInterval(activate(activation, Interval(x)));
}
template <>
Rational activate(Activation activation, const Rational& x) {
  if (activation == Activation::relu) return relu(x);
  if (x == 0) return Rational(0);
  throw InputError("exact arithmetic: " + std::string(name(activation)) + " of " + x.str().substr(0, 60) +
                   " is not computed exactly (accepted: 0, relu, or another scalar)");
}
template double activate(Activation, const double&);
template Interval activate(Activation, const Interval&);
template Real activate(Activation, const Real&);

Interval slope(Activation activation, const Interval& x) {
  if (activation == Activation::relu) {
    if (certainly_less(Interval(0), x)) return Interval(1);
    return certainly_less(x, Interval(0)) ? Interval(0) : hull(Interval(0), Interval(1));
  }
  const Interval one(1);
  const auto of_sigmoid = [&](const Interval& w, const Interval& w_slope) {
    // (x sigma(w))' = sigma(w) + x sigma(w) sigma(-w) w'.
    return sigmoid(w) + x * w_slope * sigmoid(w) * sigmoid(-w);
  };
  const auto of_tanh_form = [&](const Interval& scale) {
    const Interval cubic = from_rational<Interval>(Rational(44715, 1000000)), twice = Interval(2) * scale;
    return of_sigmoid(twice * (x + cubic * power(x, 3UL)), twice * (one + Interval(3) * cubic * square(x)));
  };
  const Interval found = [&] {
    switch (activation) {
      case Activation::gelu:
        return normal_distribution(x) + x * exp(-square(x) / Interval(2)) / sqrt(Interval(2) * interval_pi());
      case Activation::gelu_tanh:
        return of_tanh_form(RealFunctions<Interval>::root_of_2_by_pi());
      case Activation::gelu_fast:
        return of_tanh_form(from_rational<Interval>(Rational(7978845608, 10000000000)));
      default:
        return of_sigmoid(x, one);
    }
  }();
  const Interval largest(lipschitz_constant(activation));
  const Interval any = hull(-largest, largest);
  return found.is_finite() ? max(-largest, min(largest, found)) : any;
}

std::optional<Rational> slope_lipschitz_constant(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return std::nullopt;
    case Activation::silu:
      return Rational(1, 2);
    default:
      return Rational(81, 100);
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

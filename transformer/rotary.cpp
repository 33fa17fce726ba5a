#include <promptbound/numeric/elementary.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/transformer/rotary.hpp>

namespace promptbound {
namespace {

/// 2 pi.
template <class Scalar>
Scalar full_turn() {
  if constexpr (is_interval<Scalar>) {
    return Scalar(Interval(2) * interval_pi());
  } else if constexpr (std::is_same_v<Scalar, Rational>) {
    throw InputError("exact arithmetic: wavelengths are not rational (accepted: another scalar)");
  } else {
    using std::atan;
    return Scalar(8) * atan(Scalar(1));
  }
}

template <class Scalar>
Scalar minimum(const Scalar& a, const Scalar& b) {
  return -maximum(Scalar(-a), Scalar(-b));
}

template <class Scalar>
Scalar scaled(const std::monostate&, const Scalar& frequency) {
  return frequency;
}
template <class Scalar>
Scalar scaled(const LinearScaling& scaling, const Scalar& frequency) {
  return frequency / from_rational<Scalar>(scaling.factor);
}
/// t is 0 and 1 outside the waves between: the formula is continuous there, so an enclosure may reach over
/// both sides.
template <class Scalar>
Scalar scaled(const Llama3Scaling& scaling, const Scalar& frequency) {
  const Scalar low = from_rational<Scalar>(scaling.low_frequency);
  const Scalar range = from_rational<Scalar>(scaling.high_frequency - scaling.low_frequency);
  const Scalar waves = from_rational<Scalar>(scaling.original_positions) * frequency / full_turn<Scalar>();
  const Scalar t = maximum(Scalar(0), minimum(Scalar(1), Scalar((waves - low) / range)));
  return frequency * ((Scalar(1) - t) / from_rational<Scalar>(scaling.factor) + t);
}

}  // namespace

template <class Scalar>
Scalar rotary_frequency(const RotaryPositions& rotary, Index i, Index s) {
  const Scalar frequency = real_power<Scalar>(rotary.base, Rational(-2 * i, rotary.turned(s)));
  return std::visit([&](const auto& scaling) { return scaled<Scalar>(scaling, frequency); }, rotary.scaling);
}

template <class Scalar>
Rotations<Scalar> rotations(const RotaryPositions& rotary, Index s, Index count) {
  const Index half = rotary.turned(s) / 2;
  Rotations<Scalar> result{Matrix<Scalar>(half, count), Matrix<Scalar>(half, count)};
  for (Index i = 0; i < half; ++i) {
    const Scalar frequency = rotary_frequency<Scalar>(rotary, i, s);
    for (Index position = 0; position < count; ++position) {
      const auto [sine, cosine] = sine_cosine<Scalar>(frequency * from_rational<Scalar>(Rational(position)));
      result.cosines(i, position) = cosine;
      result.sines(i, position) = sine;
    }
  }
  return result;
}

template <class Scalar>
Sequence<Scalar> rotated(const Rotations<Scalar>& rotations, Sequence<Scalar> X) {
  const Index half = rotations.cosines.rows();
  for (Index i = 0; i < half; ++i) {
    for (Index token = 0; token < X.cols(); ++token) {
      const Scalar &cosine = rotations.cosines(i, token), &sine = rotations.sines(i, token);
      const Scalar a = X(i, token), b = X(i + half, token);
      X(i, token) = a * cosine - b * sine;
      X(i + half, token) = b * cosine + a * sine;
    }
  }
  return X;
}

#define PROMPTBOUND_INSTANTIATE(Scalar)                                       \
  template Scalar rotary_frequency(const RotaryPositions&, Index, Index);     \
  template Rotations<Scalar> rotations(const RotaryPositions&, Index, Index); \
  template Sequence<Scalar> rotated(const Rotations<Scalar>&, Sequence<Scalar>);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound

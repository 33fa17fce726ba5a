#include <promptbound/numeric/elementary.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw InputError("exact arithmetic: " + what + " is not rational (accepted: another scalar)");
}

std::string shown(const Rational& x) { return x.str().substr(0, 60); }

}  // namespace

template <>
double square_root(const double& x) {
  return std::sqrt(x);
}
template <>
FastInterval square_root(const FastInterval& x) {
  return sqrt(x);
}
template <>
Interval square_root(const Interval& x) {
  return sqrt(x);
}
template <>
Real square_root(const Real& x) {
  return sqrt(x);
}
template <>
Rational square_root(const Rational& x) {
  const std::optional<Rational> root = x < 0 ? std::nullopt : exact_root(x, 2);
  if (!root) fail("the square root of " + shown(x));
  return *root;
}

template <class Scalar>
Scalar squared(const Scalar& x) {
  if constexpr (std::is_same_v<Scalar, Interval>) {
    return square(x);
  } else if constexpr (std::is_same_v<Scalar, FastInterval>) {
    return abs(x) * abs(x);
  } else {
    return x * x;
  }
}

template <>
double real_power(const Rational& base, const Rational& exponent) {
  return std::pow(from_rational<double>(base), from_rational<double>(exponent));
}
template <>
Interval real_power(const Rational& base, const Rational& exponent) {
  return power(Interval(base), exponent);
}
template <>
FastInterval real_power(const Rational& base, const Rational& exponent) {
  return FastInterval(real_power<Interval>(base, exponent));
}
template <>
Real real_power(const Rational& base, const Rational& exponent) {
  return pow(from_rational<Real>(base), from_rational<Real>(exponent));
}
template <>
Rational real_power(const Rational& base, const Rational& exponent) {
  constexpr unsigned long most_bits = 1UL << 20;
  const std::optional<Rational> result = exact_power(base, exponent, most_bits);
  if (!result) fail(shown(base) + "^(" + shown(exponent) + ")");
  return *result;
}

template <>
SineCosine<double> sine_cosine(const double& x) {
  return {std::sin(x), std::cos(x)};
}
template <>
SineCosine<Interval> sine_cosine(const Interval& x) {
  return {sin(x), cos(x)};
}
template <>
SineCosine<FastInterval> sine_cosine(const FastInterval& x) {
  const SineCosine<Interval> both = sine_cosine(Interval(x));
  return {FastInterval(both.sine), FastInterval(both.cosine)};
}
template <>
SineCosine<Real> sine_cosine(const Real& x) {
  return {sin(x), cos(x)};
}
template <>
SineCosine<Rational> sine_cosine(const Rational& x) {
  if (x != 0) fail("the sine of " + shown(x));
  return {0, 1};
}

template double squared(const double&);
template FastInterval squared(const FastInterval&);
template Interval squared(const Interval&);
template Real squared(const Real&);
template Rational squared(const Rational&);

}  // namespace promptbound

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {

template <>
std::string_view scalar_name<double>() {
  return "binary64";
}
template <>
std::string_view scalar_name<FastInterval>() {
  return "fast interval";
}
template <>
std::string_view scalar_name<Interval>() {
  return "interval";
}
template <>
std::string_view scalar_name<Real>() {
  return "mpfr";
}
template <>
std::string_view scalar_name<Rational>() {
  return "rational";
}

template <>
double from_rational<double>(const Rational& value) {
  mpfr_t rounded;
  mpfr_init2(rounded, 53);
  mpfr_set_q(rounded, value.backend().data(), MPFR_RNDN);
  const double result = mpfr_get_d(rounded, MPFR_RNDN);
  mpfr_clear(rounded);
  return result;
}
template <>
FastInterval from_rational<FastInterval>(const Rational& value) {
  return FastInterval(value);
}
template <>
Interval from_rational<Interval>(const Rational& value) {
  return Interval(value);
}
template <>
Real from_rational<Real>(const Rational& value) {
  Real result;
  mpfr_set_q(result.backend().data(), value.backend().data(), MPFR_RNDN);
  return result;
}
template <>
Rational from_rational<Rational>(const Rational& value) {
  return value;
}

template <class Scalar>
Scalar exponential(const Scalar& x) {
  using std::exp;
  return exp(x);
}
template <>
Rational exponential(const Rational& x) {
  if (x == 0) return Rational(1);
  throw InputError("exact arithmetic: the exponential of " + x.str().substr(0, 60) +
                   " is not rational (accepted: scores that are all equal; otherwise use another scalar)");
}
template double exponential(const double&);
template FastInterval exponential(const FastInterval&);
template Interval exponential(const Interval&);
template Real exponential(const Real&);

}  // namespace promptbound

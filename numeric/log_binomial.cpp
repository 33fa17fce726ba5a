#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_binomial.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

long bits_of(const Integer& x) { return static_cast<long>(bit_size(x)); }

/// ln Gamma(n + 1) for n >= 1, where Gamma grows: the correctly rounded MPFR function at an exact argument.
Interval log_gamma_factorial(const Integer& n) {
  const Interval argument(Integer(n + 1));
  Interval result;
  mpfr_lngamma(&result.get()->left, &argument.get()->left, MPFR_RNDD);
  mpfr_lngamma(&result.get()->right, &argument.get()->right, MPFR_RNDU);
  return result;
}

/// Stirling's series for ln z! without its remainder: (z + 1/2) ln z - z + ln(2 pi)/2.
Interval stirling(const Interval& z) {
  const Interval half(Rational(1, 2));
  return (z + half) * log(z) - z + half * log(Interval(2) * interval_pi());
}

/// mu(z) = ln z! - stirling(z), z >= 1; 1/(12 z) - 1/(360 z^3) < mu(z) < 1/(12 z).
Interval stirling_remainder(const Integer& z) {
  const long bits = working_precision();
  if (3 * bits_of(z) > bits + 16) {
    const Interval x(z);
    const Interval leading = Interval(1) / (Interval(12) * x);
    return Interval(leading - Interval(1) / (Interval(360) * power(x, 3UL)), leading);
  }
  // The difference cancels about ln z! / mu(z) ~ 12 z^2 ln z: pay for it in bits.
  const WorkingPrecision scope(bits + 2 * bits_of(z) + 32);
  return log_gamma_factorial(z) - stirling(Interval(z));
}

}  // namespace

Interval log_factorial(const Integer& n) {
  if (n == 0) return Interval(0);
  if (3 * bits_of(n) > working_precision() + 16) return stirling(Interval(n)) + stirling_remainder(n);
  return log_gamma_factorial(n);
}

Interval log_binomial(const Integer& a, const Integer& b) {
  if (a == 0 || b == 0) return Interval(0);
  const Interval x(a);
  const Interval y(b);
  const Interval sum(Integer(a + b));
  const Interval entropy = x * log1p(y / x) + y * log1p(x / y);
  const Interval gaussian = log(sum / (Interval(2) * interval_pi() * x * y)) / Interval(2);
  return entropy + gaussian + stirling_remainder(a + b) - stirling_remainder(a) - stirling_remainder(b);
}

}  // namespace promptbound

#include <promptbound/numeric/fast_interval.hpp>

namespace promptbound {
namespace {

constexpr double smallest_argument = -708;  // e^-708 is a normal number
constexpr double largest_argument = 709;    // e^709 does not overflow

/// 1/i! for i = 0..13, each rounded to nearest.
constexpr double coefficients[] = {1.0,
                                   1.0,
                                   1.0 / 2,
                                   1.0 / 6,
                                   1.0 / 24,
                                   1.0 / 120,
                                   1.0 / 720,
                                   1.0 / 5040,
                                   1.0 / 40320,
                                   1.0 / 362880,
                                   1.0 / 3628800,
                                   1.0 / 39916800,
                                   1.0 / 479001600,
                                   1.0 / 6227020800.0};

/// e^x for x in [-708, 709] with relative error below 2^-50.
///
/// Proof, u = 2^-53. ln 2 = high + low + rest with high of 42 bits, |low| < 2^-44, |rest| < 2^-102. |n| <=
/// 1023, so n high is exact, and x - n high is exact as well: both are multiples of 2^-42 or of the spacing
/// of x, whichever is finer, and where x is small n = 0. |n low| < 2^-34, hence r is computed within 2^-84
/// (rounding of the product) + 2^-84 (rest) + u |r| (difference) of x - n ln 2, and |r| <= 0.3466: at most
/// 0.36 u. Horner's step s <- c + r s with |s| <= 1.42, |r| <= 0.35 adds at most u (0.35 * 1.42 + 1.42 + 1) <
/// 3 u and multiplies the earlier error by |r|: at most 3 u / (1 - 0.35) < 4.7 u in all. The tail of the
/// series is at most 2 * 0.3466^14 / 14! < 0.1 u. Together at most 4.7 u + 0.1 u + 1.42 * 0.36 u < 5.4 u, and
/// e^r >= 0.707. Scaling by 2^n is exact.
double approximate_exp(double x) {
  constexpr double log2_high = 0x1.62e42fefa38p-1;
  constexpr double log2_low = 0x1.ef35793c7673p-45;
  const double n = std::nearbyint(x * 0x1.71547652b82fep0);
  const double r = (x - n * log2_high) - n * log2_low;
  double sum = coefficients[13];
  for (int i = 12; i >= 0; --i) sum = coefficients[i] + r * sum;
  return std::ldexp(sum, static_cast<int>(n));
}

double exp_down(double x) {
  if (x < smallest_argument) return 0;
  if (x == 0) return 1;
  return step_down(approximate_exp(std::min(x, largest_argument)) * (1 - 0x1p-49));
}

double exp_up(double x) {
  if (x > largest_argument) return std::numeric_limits<double>::infinity();
  if (x == 0) return 1;
  return step_up(approximate_exp(std::max(x, smallest_argument)) * (1 + 0x1p-49));
}

}  // namespace

FastInterval FastInterval::rounded(const Rational& value) {
  const Interval enclosure(value);
  return FastInterval(enclosure);
}

FastInterval exp(const FastInterval& x) { return {exp_down(x.lower()), exp_up(x.upper())}; }

}  // namespace promptbound

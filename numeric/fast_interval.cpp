#include <promptbound/numeric/exp_interval.hpp>
#include <promptbound/numeric/fast_interval.hpp>

namespace promptbound {
namespace {

constexpr double smallest_argument = -708;  // e^-708 is a normal number
constexpr double largest_argument = 709;    // e^709 does not overflow

/// e^x for x in [-708, 709] with relative error at most 2^-50, whether products and sums are fused or not.
///
/// x - n high is exact: |n| <= 1023 and high has 42 bits, so n high is; both are multiples of 2^-42 or of the
/// spacing of x, whichever is finer, and where x is small n = 0. proofs/certificates/exp_interval.v proves
/// how far the polynomial is from e^r, proofs/gappa/exp_interval.gappa adds the roundings. Scaling by 2^n is
/// exact.
double approximate_exp(double x) {
  using namespace exp_interval;
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

FastInterval sqrt(const FastInterval& x) {
  if (!(x.upper() >= 0)) return FastInterval::whole_line();
  // std::sqrt is correctly rounded (IEEE 754).
  const double low = x.lower() > 0 ? std::max(0.0, step_down(std::sqrt(x.lower()))) : 0.0;
  return {low, x.upper() == 0 ? 0.0 : step_up(std::sqrt(x.upper()))};
}

}  // namespace promptbound

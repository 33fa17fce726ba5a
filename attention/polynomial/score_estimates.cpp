#include <promptbound/attention/polynomial/score_estimates.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace promptbound {
namespace {

/// I_l(x) for `count` l from `first` on, up to a common factor: I_{l-1} = I_{l+1} + 2 l/x I_l, downwards from
/// far beyond what counts.
std::vector<double> bessel(double x, Index first, std::size_t count) {
  std::vector<double> values(count);
  double above = 0, I = 1e-200;
  for (std::size_t i = count; i-- > 0;) {
    values[i] = I;
    const double below = above + 2 * static_cast<double>(first + static_cast<Index>(i)) / x * I;
    above = I;
    I = below;
  }
  return values;
}

/// moment_polynomial's bounds in doubles.
struct MomentBounds {
  double absolute, per_moment;
};
MomentBounds moment_bounds(double S, double inner, Index degree, Index moment) {
  // 2 I_l(inner) for l = degree + 1, ..., until the rest does not count at S; the series of the first gives
  // the factor.
  std::vector<double> coefficients = bessel(inner, degree + 1, static_cast<std::size_t>(16 + 2 * S));
  double term = 1, first = 0;
  for (Index l = 1; l <= degree + 1; ++l) term *= inner / 2 / static_cast<double>(l);
  for (Index k = 0; term > 1e-17 * first; ++k) {
    first += term;
    term *= inner * inner / 4 / static_cast<double>((k + 1) * (k + degree + 2));
  }
  const double factor = 2 * first / coefficients[0];
  for (double& coefficient : coefficients) coefficient *= factor;
  const double absolute = std::accumulate(coefficients.begin(), coefficients.end(), 0.0);
  const auto share_of_power = [&](double x) {
    const double y = x / inner, angle = std::acosh(std::max(y, 1.0)), step = std::exp(angle);
    // T_l(y) = cosh(l angle).
    double up = std::exp(static_cast<double>(degree + 1) * angle) / 2, down = 0.25 / up, sum = 0;
    for (const double coefficient : coefficients) {
      sum += coefficient * (up + down - 1);
      up *= step;
      down /= step;
    }
    return sum / std::pow(x, static_cast<double>(moment));
  };
  double share = share_of_power(S);
  if (moment > degree + 1) {
    for (const double position : {0.4, 0.6, 0.8})
      share = std::max(share, 1.03 * share_of_power(inner * std::pow(S / inner, position)));
  }
  return {absolute, share};
}

}  // namespace

MomentTrial try_moment(double S, Index degree, Index h, double moment) {
  // Where the inner range is best, within some percent of the bound: measured on uniform data.
  const double above = static_cast<double>(h - degree), g = static_cast<double>(degree);
  const double factor = above > 1   ? 1.3 - 1 / g
                        : above > 0 ? 1.75 - 2.6 / g
                        : above < 0 ? 1.45 + 1.9 / g
                                    : 1.8 - 1.8 / g;
  const double ratio = factor * std::pow(moment, 1 / static_cast<double>(h)) / S;
  const double inner = S / 32 * std::clamp(std::round(32 * std::max(ratio, 0.0)), 1.0, 32.0);
  const MomentBounds bounds = moment_bounds(S, inner, degree, h);
  const double error = bounds.absolute + bounds.per_moment * moment;
  return {inner, error < 1 ? error / (1 - error) : std::numeric_limits<double>::infinity()};
}

std::vector<double> chebyshev_rests(double S) {
  const std::vector<double> I = bessel(S, 0, static_cast<std::size_t>(31 + 2 * S));
  std::vector<double> rests(I.size(), 0.0);  // sum_{l > g} I_l, up to a factor
  for (std::size_t l = I.size(); l-- > 1;) rests[l - 1] = rests[l] + I[l];
  // I_0 + 2 (I_1 + I_2 + ...) = e^S.
  const double factor = 2 * std::exp(2 * S) / (I[0] + 2 * rests[0]);
  for (double& rest : rests) rest *= factor;
  return rests;
}

}  // namespace promptbound

/// Numbers of the balls of a pass: radii, and midpoints through MPFR.
#pragma once

#include <limits>

#include <promptbound/numeric/matrices/twofold_matrix.hpp>
#include <promptbound/numeric/types.hpp>

namespace promptbound {

/// Bits of MPFR numbers from which midpoints are rounded.
inline constexpr long midpoint_bits = 128;

/// The radius where nothing is known.
inline constexpr double unbounded = std::numeric_limits<double>::infinity();

/// Makes a radius that was computed in round to nearest from at most 2^32 numbers >= 0 an upper bound.
[[nodiscard]] inline double raised(double radius) { return radius * (1 + 0x1p-20) + 0x1p-1000; }

/// Returns x to within 2^-105 of itself.
[[nodiscard]] inline Twofold twofold(const Real& x) {
  const double high = mpfr_get_d(x.backend().data(), MPFR_RNDN);
  const Real rest = x - Real(high);
  return {high, mpfr_get_d(rest.backend().data(), MPFR_RNDN)};
}
[[nodiscard]] inline Real real(const Twofold& x) { return Real(x.hi) + Real(x.lo); }

}  // namespace promptbound

/// The bounds of score polynomials (score_polynomial.hpp) in doubles, without their proof: making a
/// polynomial in multiple precision takes longer than short sequences do.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Returns 2 e^S sum_{l > g} I_l(S) at g = 0, 1, ..., until it is below the smallest rounding: theory 4.2's
/// bound.
[[nodiscard]] std::vector<double> chebyshev_rests(double S);

/// What moment_polynomial is expected to leave of sum |p - e^s| / sum e^s, with a good inner range.
struct MomentTrial {
  double inner, error;
};
/// Tries `moment`: sum s^h / sum e^s.
[[nodiscard]] MomentTrial try_moment(double S, Index degree, Index h, double moment);

}  // namespace promptbound

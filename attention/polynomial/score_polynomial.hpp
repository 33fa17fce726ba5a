/// Polynomials in place of exp (theory 4.2), with certified distances.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// p(s) = sum_l coefficients[l] s^l with, for every |s| <= S,
///   |p(s) - e^s| <= relative e^s + absolute + per_moment s^moment.
/// The coefficients are these very doubles; the bounds are rounded up.
struct ScorePolynomial {
  std::vector<double> coefficients;
  double S = 0;
  double relative = 0, absolute = 0;
  Index moment = 0;  ///< even; 0 where absolute and per_moment are 0
  double per_moment = 0;

  [[nodiscard]] Index degree() const { return static_cast<Index>(coefficients.size()) - 1; }
  /// Returns the largest power whose sum over the keys is wanted.
  [[nodiscard]] Index top() const { return std::max(degree(), moment); }
  /// Returns sum_{l >= from} |coefficients[l]| |x|^l, rounded up.
  [[nodiscard]] double size(double x, Index from = 0) const;
};

/// Returns the Chebyshev truncation of exp on [-S, S]: a purely relative bound. 0 < S <= 1000.
[[nodiscard]] ScorePolynomial chebyshev_polynomial(double S, Index degree);

/// Returns the Chebyshev truncation p of exp on the inner range [-r, r], 0 <= r <= S, for scores that are
/// mostly small: for r = 0 the Taylor polynomial. With h = `moment`, even,
///   |p(s) - e^s| <= F(r) + c s^h on [-S, S], F(x) = e^x - p(x), c = max_{r <= x <= S} (F(x) - F(r))/x^h.
/// The sum of s^h over the keys is itself a polynomial of the query, so it is computed exactly (up to
/// rounding) instead of being bounded by S^h: on most data it is far smaller. 2 <= h <= degree + 2, and h <=
/// degree + 1 for r = 0. S <= 1000.
[[nodiscard]] ScorePolynomial moment_polynomial(double S, double inner, Index degree, Index moment);

}  // namespace promptbound

/// Polynomials in place of exp (theory 4.2), with certified distances.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// p(s) = sum_l coefficients[l] s^l with, for every |s| <= S,
///   |p(s) - e^s| <= relative e^s + per_moment s^moment.
/// The coefficients are these very doubles; the bounds are rounded up.
struct ScorePolynomial {
  std::vector<double> coefficients;
  double S = 0;
  double relative = 0;
  Index moment = 0;  ///< even; 0 where per_moment is 0
  double per_moment = 0;

  [[nodiscard]] Index degree() const { return static_cast<Index>(coefficients.size()) - 1; }
  /// The largest power whose sum over the keys is wanted.
  [[nodiscard]] Index top() const { return std::max(degree(), moment); }
  /// sum_l |coefficients[l]| |x|^l, rounded up.
  [[nodiscard]] double size(double x) const;
};

/// The Chebyshev truncation of exp on [-S, S]: a purely relative bound. 0 < S <= 1000.
[[nodiscard]] ScorePolynomial chebyshev_polynomial(double S, Index degree);

/// The Taylor polynomial: |p(s) - e^s| <= s^h (e^S - T(S))/S^h for the even h = degree + 1 or degree, T the
/// Taylor polynomial of that degree. The sum of s^h over the keys is itself a polynomial of the query, so it
/// is computed exactly (up to rounding) instead of being bounded by S^h: on most data it is far smaller.
/// degree >= 1.
[[nodiscard]] ScorePolynomial taylor_polynomial(double S, Index degree);

}  // namespace promptbound

/// Truncated Chebyshev series of exp: certified relative error and least degree (theory 4.2).
#pragma once

#include <vector>

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// Returns 2 e^S sum_{l > degree} I_l(S): bounds |p(s) e^{-s} - 1| on [-S, S] for the Chebyshev truncation p
/// of exp at that degree. Enclosed at the working precision; S >= 0.
[[nodiscard]] Interval truncation_error(const Rational& S, const Integer& degree);

/// Returns the S at which truncation_error reaches eta < 1; it grows with S. Enclosed at the working
/// precision; the interval starts at 0 where these bits do not suffice.
[[nodiscard]] Interval largest_score(const Integer& degree, const Rational& eta);

/// Returns the truncation's coefficients of s^0 .. s^degree, enclosed at the working precision; S > 0.
[[nodiscard]] std::vector<Interval> chebyshev_coefficients(const Rational& S, unsigned long degree);

/// Returns the least degree whose truncation_error is at most eta, decided exactly; S >= 0, eta > 0.
[[nodiscard]] Integer least_degree(const Rational& S, const Rational& eta);

}  // namespace promptbound

/// Logarithms of factorials and binomials, enclosed, at astronomic arguments.
#pragma once

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// Encloses ln(n!) for n >= 0.
[[nodiscard]] Interval log_factorial(const Integer& n);

/// Encloses ln binom(a + b, a) for a, b >= 0. No cancellation at any size of the arguments: the leading
/// terms a ln(1 + b/a) + b ln(1 + a/b) are both positive and Stirling's remainders are enclosed separately.
[[nodiscard]] Interval log_binomial(const Integer& a, const Integer& b);

}  // namespace promptbound

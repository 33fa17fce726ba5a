/// The grid for values that are stored rounded (theory 1.4 with b-bit entries, the direct form of 1.6).
#pragma once

#include <optional>

#include <promptbound/numeric/power_product.hpp>

namespace promptbound {

/// Returns the least number k of grid cells per coordinate with C r/(2 k) + r q < eps, r = n^{1/alpha}, that
/// is k = floor(C r/(2 (eps - r q))) + 1, at any size; nothing when eps <= r q. C > 0, eps > 0, q >= 0 the
/// largest error of a stored value, n >= 1, alpha in [1, inf].
[[nodiscard]] std::optional<PowerProduct> cells_for_rounded_entries(const Rational& C, const Integer& n,
                                                                    const Number& alpha, const Rational& eps,
                                                                    const Rational& q);

}  // namespace promptbound

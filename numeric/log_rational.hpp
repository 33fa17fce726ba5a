/// Logarithms of rational numbers, however near to 1.
#pragma once

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// Encloses ln x for x > 0, x other than 1 enclosed away from 0: near 1 the difference x - 1 is formed
/// exactly, since an enclosure of x itself would lose it.
[[nodiscard]] Interval log_rational(const Rational& x);

}  // namespace promptbound

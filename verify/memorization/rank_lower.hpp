/// Theory 2.4, the rank bound: exact fits of any examples need m >= rank[a_1..a_N t_1..t_N] - rank[a_1..a_N].
#pragma once

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Returns the bound with the a_i replaced by V times all input tokens, whose span contains them: weaker
/// unless every example has one token, but exact in rationals. `tokens` holds the visible tokens of all
/// examples as columns, `targets` the attention outputs asked for.
[[nodiscard]] Index rank_lower(const Matrix<Rational>& V, const Matrix<Rational>& tokens,
                               const Matrix<Rational>& targets);

}  // namespace promptbound

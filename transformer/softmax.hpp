/// Softmax over every scalar.
#pragma once

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Returns p_k = exp(s_k) / sum_j exp(s_j), for at least one score.
///
/// Intervals use p_k = 1/(1 + sum_{j != k} exp(s_j - s_k)), which is monotone in every score: the ends are
/// those of the exact range over independent scores, up to rounding. Rationals are exact if all scores are
/// equal and throw InputError otherwise. binary64 and Real subtract the largest score and are not certified.
template <class Scalar>
[[nodiscard]] Vector<Scalar> softmax(const Vector<Scalar>& scores);

}  // namespace promptbound

/// What attention is expected to cost on this machine: rates measured once for each shape, and the work that
/// each method does. Nothing here is certified or needs to be: it decides which method runs.
#pragma once

#include <promptbound/attention/exact.hpp>

namespace promptbound {

/// Seconds of one thread for units of work at a precision, d and d_v.
struct Calibration {
  double exact_pair = 0;    ///< a query and a key, rounding errors bounded by the prior analysis
  double running_pair = 0;  ///< the same with the running analysis
  double token = 0;         ///< polynomial: a query or a key, whatever the rank
  double monomial = 0;      ///< and for each monomial, with its d_v + 1 moments
};

/// The rates for T, measured on the first call for this d and d_v (some milliseconds) and kept while the
/// program runs.
template <class T>
[[nodiscard]] const Calibration& calibration(Index d, Index d_v);

template <class T>
[[nodiscard]] double expected_exact(const AttentionArrays<T>& arrays, const Calibration& rates,
                                    Rounding rounding, int threads);
/// `rank`: monomials of one head, those of an even moment counted as 2 of d_v + 1 columns.
template <class T>
[[nodiscard]] double expected_polynomial(const AttentionArrays<T>& arrays, const Calibration& rates,
                                         double rank, int threads);

}  // namespace promptbound

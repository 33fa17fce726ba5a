/// What attention is expected to cost on this machine: rates measured once for each shape, and the work that
/// each method does. Nothing here is certified or needs to be: it decides which method runs.
#pragma once

#include <promptbound/attention/cholesky/pivots.hpp>
#include <promptbound/attention/exact/exact.hpp>
#include <promptbound/attention/polynomial/polynomial_choice.hpp>

namespace promptbound {

/// Seconds of one thread for units of work at a precision, d and d_v.
struct Calibration {
  double exact_pair = 0;    ///< a query and a key, rounding errors bounded by the prior analysis
  double running_pair = 0;  ///< the same with the running analysis
  double token = 0;         ///< polynomial: a query or a key, whatever the rank
  double monomial = 0;      ///< and for each monomial, with its d_v + 1 moments
  double pivot = 0;         ///< Cholesky: a query or a key, a unit of cholesky_work
};

/// Returns the rates for T, measured on the first call for this d and d_v (some milliseconds) and kept while
/// the program runs.
template <class T>
[[nodiscard]] const Calibration& calibration(Index d, Index d_v);

template <class T>
[[nodiscard]] double expected_exact(const AttentionArrays<T>& arrays, const Calibration& rates,
                                    Rounding rounding, int threads);
/// Takes the `work` of one head.
template <class T>
[[nodiscard]] double expected_polynomial(const AttentionArrays<T>& arrays, const Calibration& rates,
                                         const PolynomialWork& work, int threads);

/// Counts the multiply-adds for a query or a key of Cholesky attention: the kernel at the pivots, the
/// features and their products with d_v + 1 sums.
[[nodiscard]] double cholesky_work(Index d, Index d_v, Index rank);

template <class T>
[[nodiscard]] double expected_cholesky(const AttentionArrays<T>& arrays, const Calibration& rates, Index rank,
                                       int threads);

/// Returns the largest rank at which Cholesky attention is expected to be faster than `seconds`, of another
/// method, and its search for pivots to take at most a sixth of them; and, so that less is lost where even
/// that rank does not suffice, the one up to which the search takes a sixteenth. Nothing (0) where that is
/// hardly any.
template <class T>
[[nodiscard]] PivotLimits worthwhile_ranks(const AttentionArrays<T>& arrays, const Calibration& rates,
                                           double seconds, int threads);

}  // namespace promptbound

/// Theory 2.2 made explicit: the prompt of a feasible length, and the compression of a prompt at a query.
///
/// A pair (S_P, vbar) with ln rho = ln S_P - vbar^T A x0 is realised by weights p of entropy ln rho and
/// tokens
///   z_j = vbar + c_j A x0 / ||A x0||^2,  c_j = ln p_j + ln S_P - vbar^T A x0.
#pragma once

#include <functional>

#include <promptbound/verify/memorization/shared_query.hpp>

namespace promptbound {

/// Longer prompts are refused instead of being written out.
inline constexpr long longest_written_prompt = 100000;

/// Encloses s^T v.
[[nodiscard]] Interval dot(const Vector<Rational>& s, const Vector<Interval>& v);

/// Returns the least x in [low, high] with f(x) >= 0, enclosed, for a continuous increasing f with
/// f(low) <= 0 <= f(high); f gets points. The working precision sets the width.
[[nodiscard]] Interval enclose_root(const std::function<Interval(const Interval&)>& f, const Interval& low,
                                    const Interval& high);

/// Returns the m tokens (columns), each enclosed at the working precision, that realise (S_P, vbar).
/// `uniform` says that rho = m is known, and makes all weights equal; without it 1 < rho < m must hold.
[[nodiscard]] Matrix<Interval> realise_prompt(const Interval& S, const Vector<Interval>& mean,
                                              const Vector<Rational>& direction, long m, bool uniform);

/// Returns a prompt of m tokens that fits the problem whose lengths these are, enclosed at the working
/// precision. Throws InputError when no prompt of this length fits, or m is longer than can be written out.
[[nodiscard]] Matrix<Interval> shared_query_prompt(const SharedQueryProblem& problem,
                                                   const PromptLengths& lengths, long m);

/// Compresses (theory 2.2): at a query with direction = A x0 != 0 the prompt (columns) acts as one of
/// ceil(rho) tokens, whatever the value map and the other keys; these tokens, enclosed.
[[nodiscard]] Matrix<Interval> compress_prompt(const Vector<Rational>& direction,
                                               const Matrix<Rational>& prompt);

/// Returns dyadic tokens inside (at the middle of) the enclosures.
[[nodiscard]] Matrix<Rational> midpoints(const Matrix<Interval>& enclosed);

/// Returns the middles of the enclosures, rounded to so many decimals.
[[nodiscard]] Matrix<Rational> rounded(const Matrix<Interval>& tokens, unsigned long decimals);

/// Encloses max_i ||att(x0; [P, X_i]) - t_i||_inf.
[[nodiscard]] Interval fit_error(const SharedQueryProblem& problem, const Matrix<Interval>& prompt);

}  // namespace promptbound

/// Truncated Chebyshev series of exp: certified relative error, least degree, rank and cost (theory 4.2).
#pragma once

#include <vector>

#include <promptbound/numeric/record.hpp>

namespace promptbound {

/// Requires S <= 100000: the degree, and with it the work, grows like S.
[[nodiscard]] bool is_feasible_score(const Rational& S, Record& record);

/// Requires eta < 1: otherwise the polynomial may vanish and the quotient of 4.2 says nothing.
[[nodiscard]] bool is_usable_accuracy(const Rational& eta, Record& record);

/// 2 e^S sum_{l > degree} I_l(S): bounds |p(s) e^{-s} - 1| on [-S, S] for the Chebyshev truncation p of exp
/// at that degree. Enclosed at the working precision; S >= 0.
[[nodiscard]] Interval truncation_error(const Rational& S, const Integer& degree);

/// The S at which truncation_error reaches eta < 1; it grows with S. Enclosed at the working precision; the
/// interval starts at 0 where these bits do not suffice.
[[nodiscard]] Interval largest_score(const Integer& degree, const Rational& eta);

/// The truncation's coefficients of s^0 .. s^degree, enclosed at the working precision; S > 0.
[[nodiscard]] std::vector<Interval> chebyshev_coefficients(const Rational& S, unsigned long degree);

/// The least degree whose truncation_error is at most eta, decided exactly; S >= 0, eta > 0.
[[nodiscard]] Integer least_degree(const Rational& S, const Rational& eta);

/// binom(d + g, g): monomials of degree at most g in d variables; 10^log10 when it has more than
/// longest_exact_integer digits.
[[nodiscard]] Quantity polynomial_rank(const Integer& d, const Integer& g, long digits);

/// Multiply-adds of one attention call, without memory traffic (a model, theory 4.2).
struct AttentionCost {
  Integer exact;        ///< T^2 (d + d_v + 1 + exp_cost): scores, weighted sum, normaliser, exponentials
  Quantity polynomial;  ///< 2 T r (d_v + 2): features, moments and read-out of queries and of keys
  Quantity crossover;   ///< least T at which `polynomial` is below `exact`
};

/// `rank` as polynomial_rank gives it.
[[nodiscard]] AttentionCost attention_cost(const Integer& T, const Integer& d, const Integer& d_v,
                                           const Quantity& rank, const Integer& exp_cost, long digits);

}  // namespace promptbound

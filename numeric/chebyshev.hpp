/// Truncated Chebyshev series of exp: certified relative error, least degree, rank and cost (theory 4.2).
#pragma once

#include <vector>

#include <promptbound/numeric/record.hpp>

namespace promptbound {

/// Requires S <= 100000: beyond it the degree, which grows like S, is out of reach of any computation.
[[nodiscard]] bool is_feasible_score(const Rational& S, Record& record);

/// Requires eta < 1: otherwise the polynomial may vanish and the quotient of 4.2 says nothing.
[[nodiscard]] bool is_usable_accuracy(const Rational& eta, Record& record);

/// 2 e^S sum_{l > degree} I_l(S): bounds |p(s) e^{-s} - 1| on [-S, S] for the Chebyshev truncation p of exp
/// at that degree. Enclosed at the working precision; S > 0.
[[nodiscard]] Interval truncation_error(const Rational& S, const Integer& degree);

/// The truncation's coefficients of s^0 .. s^degree, enclosed at the working precision; S > 0.
[[nodiscard]] std::vector<Interval> chebyshev_coefficients(const Rational& S, unsigned long degree);

/// The least degree whose truncation_error is at most eta, decided exactly.
[[nodiscard]] Integer least_degree(const Rational& S, const Rational& eta);

/// binom(d + g, g): monomials of degree at most g in d variables.
[[nodiscard]] Integer polynomial_rank(const Integer& d, const Integer& g);

/// Multiply-adds of one attention call, without memory traffic (a model, theory 4.2).
struct AttentionCost {
  Integer exact;       ///< T^2 (d + d_v + 1 + exp_cost): scores, weighted sum, normaliser, exponentials
  Integer polynomial;  ///< 2 T r (d_v + 2): features, moments and read-out of queries and of keys
  Integer crossover;   ///< least T at which `polynomial` is below `exact`
};

[[nodiscard]] AttentionCost attention_cost(const Integer& T, const Integer& d, const Integer& d_v,
                                           const Integer& rank, const Integer& exp_cost);

}  // namespace promptbound

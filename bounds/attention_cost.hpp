/// Rank and cost of polynomial attention, and which inputs are computed with (theory 4.1 and 4.2).
#pragma once

#include <promptbound/records/record.hpp>

namespace promptbound {

/// Requires S <= 100000: the degree, and with it the work, grows like S.
[[nodiscard]] bool is_feasible_score(const Rational& S, Record& record);

/// Requires eta < 1: otherwise the polynomial may vanish and the quotient of 4.2 says nothing.
[[nodiscard]] bool is_usable_accuracy(const Rational& eta, Record& record);

/// Returns binom(d + g, g): monomials of degree at most g in d variables; 10^log10 when it has more than
/// longest_exact_integer digits.
[[nodiscard]] Quantity polynomial_rank(const Integer& d, const Integer& g, long digits);

/// Multiply-adds of one attention call, without memory traffic (a model, theory 4.2).
struct AttentionCost {
  Integer exact;        ///< T^2 (d + d_v + 1 + exp_cost): scores, weighted sum, normaliser, exponentials
  Quantity polynomial;  ///< 2 T r (d_v + 2): features, moments and read-out of queries and of keys
  Quantity crossover;   ///< least T at which `polynomial` is below `exact`
};

/// Takes `rank` as polynomial_rank gives it.
[[nodiscard]] AttentionCost attention_cost(const Integer& T, const Integer& d, const Integer& d_v,
                                           const Quantity& rank, const Integer& exp_cost, long digits);

}  // namespace promptbound

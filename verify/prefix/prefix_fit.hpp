/// Theory 2.2p, prefix tuning: which numbers of key-value pairs fit examples that share one query token.
///
/// A prefix gives the head m pairs (k_j, v_j) of its own, keys and values apart, ||k_j|| <= K_0 and ||v_j||
/// <= V_0 (Euclidean). At the query q0 = W_Q x0 it acts only through S = sum_j exp(<k_j, q0>) and u = sum_j
/// p_j v_j, and fits iff
///   S (W_O u - t_i) = b_i,  b_i = S_i (t_i - a_i),  for every i.
/// Exactly the (S, u) with m e^{-K_0 ||q0||} <= S <= m e^{K_0 ||q0||} and ||u|| <= V_0 come from m >= 1 pairs
/// (inf * 0 = 0).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <promptbound/numeric/number.hpp>
#include <promptbound/verify/memorization/memorization_floor.hpp>

namespace promptbound {

/// The largest Euclidean norms of a pair's key and value: rational numbers >= 0, or infinite.
struct PrefixCaps {
  Number key = Number::infinity(), value = Number::infinity();
};

/// Examples that share a query, at the output of one head.
struct PrefixProblem {
  Matrix<Rational> W_O;    ///< from values to outputs; its image holds every attention output
  Vector<Rational> query;  ///< q0
  PrefixCaps caps;
  std::vector<FloorExample> examples;
};

/// The set of numbers m >= 1 of pairs at which some prefix fits: an interval of integers.
struct PrefixLengths {
  enum class Set {
    undecided,  ///< no precision up to the limit decides it
    none,       ///< no prefix of m >= 1 pairs
    range       ///< exactly the m from the least to the most
  };
  Set set = Set::undecided;
  Integer least;
  std::optional<Integer> most;  ///< absent: every m >= least
  bool empty_fits = false;      ///< t_i = a_i for all i: m = 0
  std::string reason;           ///< one line for the reader
};

/// Returns a G with y^T G y' = <u, u'> for the vectors of least norm with W_O u = y and W_O u' = y'.
[[nodiscard]] Matrix<Rational> norm_form(const Matrix<Rational>& W_O);

/// Decides theory 2.2p exactly. Every equality is decided by algebra, every inequality by enclosures.
[[nodiscard]] PrefixLengths decide_prefix_lengths(const PrefixProblem& problem);

}  // namespace promptbound

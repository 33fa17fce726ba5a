/// Theory 2.2, the shared-query theorem: which prompt lengths fit examples that share one query token.
///
/// One attention head with A = W_K^T W_Q and V = W_O W_V; N examples X_i contain the query x0. A prompt P
/// acts at x0 only through S_P = sum_j exp(z_j^T A x0) and its mean token vbar = sum_j p_j z_j, and fits iff
///   S_P (V vbar - t_i) = b_i,  b_i = S_i (t_i - a_i),  for every i.
/// With rho = S_P exp(-vbar^T A x0), a pair (S_P, vbar) is realised by exactly m >= 1 tokens iff
/// (A x0 != 0) m = 1 and rho = 1, or m >= 2 and 1 < rho <= m;  (A x0 = 0) m = S_P.
#pragma once

#include <string>
#include <vector>

#include <promptbound/constructions/shared_query_data.hpp>

namespace promptbound {

/// The keys that a query sees, summed up: S = sum_j exp(z_j^T A x0) and S a = V sum_j exp(z_j^T A x0) z_j.
struct AttentionSums {
  ExponentialSum S;
  std::vector<ExponentialSum> weighted_values;
};
/// Returns the sums over the tokens (columns), for direction = A x0.
[[nodiscard]] AttentionSums attention_sums(const Matrix<Rational>& V, const Vector<Rational>& direction,
                                           const Matrix<Rational>& tokens);

/// Returns the attention output at the query over the keys [prompt, tokens], exactly.
[[nodiscard]] ExactVector exact_attention(const Matrix<Rational>& V, const Vector<Rational>& direction,
                                          const Matrix<Rational>& prompt, const Matrix<Rational>& tokens);

/// The problem record of theory 2.2: everything that the decision needs, exactly.
struct SharedQueryProblem {
  struct Example {
    AttentionSums sums;
    ExactVector t, b;    ///< b = S (t - a)
    ExactVector tau, w;  ///< tau = t - t_1, w = b_1 - b
  };
  Matrix<Rational> V;
  Vector<Rational> query;
  Vector<Rational> direction;  ///< A x0
  std::vector<Example> examples;
};

/// Throws InputError when shapes do not fit, no example is given, or a query is not among its tokens.
[[nodiscard]] SharedQueryProblem shared_query_problem(const SharedQueryData& data);

/// rho = S exp(-s) with exact S > 0 and s = vbar^T A x0.
struct EntropyRatio {
  ExponentialQuotient S, s;
  [[nodiscard]] Interval enclosure() const;
  /// Tells whether rho = n. Nothing when algebra does not tell: it does if s is rational.
  [[nodiscard]] std::optional<bool> equals(const Integer& n) const;
  /// Decides ceil(rho); throws Undecided at the limit of the precision.
  [[nodiscard]] Integer ceiling() const;
};

/// How S_P and s = vbar^T A x0 are bound by the fit.
enum class Freedom {
  none,          ///< both determined
  score,         ///< S_P determined, s free: A x0 is not orthogonal to ker V
  sum,           ///< S_P free, s = al + be / S_P
  sum_and_score  ///< both free
};

/// The set of lengths m >= 1 at which some prompt fits.
struct PromptLengths {
  enum class Set {
    undecided,  ///< the limit of the precision decides neither whether rho < 1 nor ceil(rho)
    none,       ///< no prompt of any length m >= 1
    single,     ///< exactly one length
    from        ///< exactly the m >= the least length
  };
  Set set = Set::undecided;
  Integer least;            ///< the least length, where there is one
  bool empty_fits = false;  ///< t_i = a_i for all i: m = 0
  std::string reason;       ///< one line for the reader

  Freedom freedom = Freedom::none;
  std::optional<ExponentialQuotient> S;  ///< S_P, where it is determined
  std::optional<EntropyRatio> rho;       ///< the ratio that sets the least length, where there is one
};

/// Decides theory 2.2 exactly: Cases I and II, singular V, A x0 = 0.
[[nodiscard]] PromptLengths decide_prompt_lengths(const SharedQueryProblem& problem);

}  // namespace promptbound

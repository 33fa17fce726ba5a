/// Theory 5.8: an explicit family of prompts whose outputs at a query are pairwise separated, a lower bound
/// on capacity to set against the upper bounds of theory 2.5 and 2.6.
#pragma once

#include <vector>

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// q^r prompts of m equal tokens step sum_k (g_k - (q-1)/2) v_k, g in {0..q-1}^r. Every v_k is orthogonal to
/// A x0, so every prompt token weighs e^0 = 1, and V v_k has a 1 in a coordinate where the other V v_l have
/// 0. Two outputs therefore differ by at least step m/(m + S) in the max norm, S = sum_j exp(z_j^T A x0) over
/// the input.
class SeparatedPrompts {
 public:
  /// Takes the query x0: d; tokens: the keys that it sees (columns); radius > 0: bound on the max norm of
  /// prompt tokens; m >= 1 tokens; q >= 2 values for each direction. Throws InputError when r would be 0 or
  /// shapes do not fit.
  SeparatedPrompts(const AttentionHead<Rational>& head, const Vector<Rational>& query,
                   const Matrix<Rational>& tokens, const Rational& radius, long m, long q);

  [[nodiscard]] Index directions() const { return directions_.cols(); }  ///< r
  [[nodiscard]] Integer count() const;                                   ///< q^r
  /// Returns prompt number k, 0 <= k < count(), as columns.
  [[nodiscard]] Matrix<Rational> prompt(Integer k) const;
  /// Encloses step m/(m + S); any two attention outputs at the query are at least its lower end apart.
  [[nodiscard]] Interval separation() const;

 private:
  Matrix<Rational> directions_, tokens_;
  Vector<Rational> score_direction_;  ///< A x0
  Rational step_;
  long m_, q_;
};

/// Encloses the least distance, in the max norm, of two attention outputs at the last token, each behind
/// another of the prompts (at least two), at the working precision. Throws InputError for another model than
/// one layer of one head.
[[nodiscard]] Interval least_output_distance(const Transformer<Rational>& model,
                                             const Matrix<Rational>& tokens,
                                             const std::vector<Matrix<Rational>>& prompts);

}  // namespace promptbound

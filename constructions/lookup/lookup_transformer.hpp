/// Theory 5.2: one fixed transformer of one or two attention blocks that k^n prompt tokens make approximate
/// any given function of F(C, alpha) within eps in the supremum norm.
#pragma once

#include <promptbound/constructions/lookup/lookup_blocks.hpp>
#include <promptbound/constructions/targets.hpp>
#include <promptbound/records/record.hpp>

namespace promptbound {

/// Bounds how far a Gaussian average over the grid is from the nearest centre: the factor 1 + tau of
/// theory 5.2, tau the smaller of
///   2 n^{1-1/alpha} x(B),  x(B) = 1/(2eB) + sum_{j>=2} (j-1/2) e^{-B(j^2-j)} + sum_{j>=1} (j+1/2) e^{-B
///   j^2},  and (n (1+D))^{1/a} n^{-1/alpha} - 1,  a = min(alpha, B), D = sum_{j>=2} (2j-1)^a e^{-B(j^2-j)} +
///   sum_{l>=1} (2l)^a e^{-B l^2}.
/// An upper bound at the working precision; B >= 1.
[[nodiscard]] Interval gaussian_spread(Index n, const Number& alpha, const Rational& B);
/// Returns the first of the two forms alone.
[[nodiscard]] Interval gaussian_spread_by_excess(Index n, const Number& alpha, const Rational& B);

/// The choices of theory 5.2 for given d, L, C, alpha, eps.
struct LookupRecipe {
  Index d, L;
  Rational C;
  Number alpha;
  Rational eps;
  long k;            ///< floor(C n^{1/alpha}/(2 eps)) + 1
  Rational B, beta;  ///< B >= 1, the least power of two with C n^{1/alpha} tau/(2k) <= sigma/2; beta = B k^2
  Rational
      Lambda_1;  ///< at least max(0, ln(4 C n^{1/alpha} k^n/(L sigma))), rounded up to a multiple of 2^-10
  Rational Lambda_2;  ///< at least ln(4 n^{1/alpha} L/sigma), rounded up likewise

  /// Chooses for d, L >= 1, C >= 0, eps > 0, alpha >= 1. Throws InputError if the prompt would have more than
  /// 10^8 entries.
  static LookupRecipe choose(Index d, Index L, const Rational& C, const Number& alpha, const Rational& eps);
};

/// @code
/// const LookupTransformer built(LookupRecipe::choose(2, 1, 1, Number(Rational(2)), Rational(1, 10)));
/// const Matrix<Rational> prompt = built.prompt({2, 1, Identity{}});  // one token a column
/// const Interval error = built.guarantee();                          // at most 1/10
/// @endcode
class LookupTransformer {
 public:
  explicit LookupTransformer(LookupRecipe recipe);

  [[nodiscard]] const LookupRecipe& recipe() const { return recipe_; }
  [[nodiscard]] const LookupBlocks& blocks() const { return blocks_; }
  [[nodiscard]] long prompt_tokens() const { return prompt_tokens_; }  ///< m = k^n
  /// Returns one token a grid centre g: key g, g2 = ||g||^2 - n/(4k^2), value f(g). Values that are not
  /// rational are replaced by rationals within 2^-100.
  [[nodiscard]] Matrix<Rational> prompt(const Target& f) const;

  /// Returns C n^{1/alpha}(1+tau)/(2k) + C n^{1/alpha} q1 + n^{1/alpha} q2 + n^{1/alpha} 2^-100 (the last for
  /// values that are not rational): the supremum over X of ||out - f||_alpha is at most this, for every f in
  /// F(C, alpha).
  [[nodiscard]] Interval guarantee() const;
  /// Does the same for prompts that hold the values exactly, with the first form of tau: what Coq proves for
  /// L > 1.
  [[nodiscard]] Interval guarantee_by_excess() const;
  [[nodiscard]] Record claim() const;

 private:
  [[nodiscard]] Interval error_of(const Interval& spread) const;

  LookupRecipe recipe_;
  LookupBlocks blocks_;
  long prompt_tokens_;
};

}  // namespace promptbound

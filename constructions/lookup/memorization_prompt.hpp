/// Theory 5.3: N examples by N prompt tokens in the blocks of 5.2.
#pragma once

#include <vector>

#include <promptbound/constructions/lookup/lookup_blocks.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {

/// Input and target in [0,1]^{d x L}.
struct LookupExample {
  Matrix<Rational> input, target;
};

/// The transformer and prompt that reproduce all targets within eps in the alpha-norm:
/// h <= s/4 for L > 1 (q1 = (N/L) e^{-Lambda_1}, h = q1 sqrt n), beta (s^2 - 2 s h) >= ln(2 (N-1)
/// n^{1/alpha}/eps), Lambda_2 >= ln(2 L n^{1/alpha}/eps), s the least distance of two inputs.
class MemorizationPrompt {
 public:
  /// Throws InputError if shapes differ, an entry leaves [0,1], or two inputs coincide (named).
  MemorizationPrompt(std::vector<LookupExample> examples, const Number& alpha, const Rational& eps);

  [[nodiscard]] const LookupBlocks& blocks() const { return blocks_; }
  /// Returns N tokens: key x_j, g2 = ||x_j||^2, value y_j.
  [[nodiscard]] Matrix<Rational> prompt() const;
  /// Encloses the bound of 5.3 on the error at any example: below eps.
  [[nodiscard]] Interval guarantee() const;

 private:
  struct Scores {
    Rational beta, Lambda_1, Lambda_2;
  };
  [[nodiscard]] Scores choose_scores() const;

  std::vector<LookupExample> examples_;
  Number alpha_;
  Rational eps_;
  Rational square_distance_;  ///< s^2
  Scores scores_;
  LookupBlocks blocks_;
};

}  // namespace promptbound

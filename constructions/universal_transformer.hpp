/// Theory 5.1: the transformer with one attention layer that every prompt length suffices to make universal
/// (HWGLSL25, wide and deep form), with rational weights and exact arithmetic throughout.
#pragma once

#include <promptbound/constructions/code_book.hpp>
#include <promptbound/constructions/quantized_function.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/records/record.hpp>
#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// Sizes as functions of d, L, k (theory 1.5): m = L k^n, T = m + L.
struct UniversalSizes {
  Integer prompt_tokens;    ///< m
  Integer sequence_tokens;  ///< T
  Integer staircase_width;  ///< d (2 T k - 1), hidden width of FFN 1
  Integer knots;            ///< L k^{dT}: hidden width of FFN 2 (wide), number of FFNs of width 3 (deep)
};

/// wide: FFN 2 has one unit a knot. deep: one FFN of width 3 a knot, then a clamp of width d.
enum class UniversalForm { wide, deep };

/// The network for one d, L and grid. The weights depend on these alone; the function is in the prompt.
///
/// FFN 1 turns tokens into digits, uniform attention adds T K^{dT} times their mean, which makes coordinate 0
/// the integer code of 5.1, and FFN 2 interpolates the wanted outputs through the codes t_1 < t_2 < ... .
class UniversalTransformer {
 public:
  /// Takes k >= 1 cells per coordinate, 0 < eta < 1/(2k) the width of the ramps. Throws InputError for values
  /// out of range and for prompts of more than 10^8 entries.
  UniversalTransformer(Index d, Index L, long k, const Rational& eta);

  [[nodiscard]] static UniversalSizes sizes(Index d, Index L, long k);
  [[nodiscard]] const Grid& grid() const { return grid_; }
  [[nodiscard]] Index input_tokens() const { return L_; }
  [[nodiscard]] long prompt_tokens() const { return prompt_tokens_; }

  /// Returns all weights. Throws InputError, stating the need, if they take more than about `memory_bytes`.
  [[nodiscard]] Transformer<Rational> dense(UniversalForm form, double memory_bytes = 1 << 30) const;

  /// Returns the prompt for f: token g L + i holds the outputs of f at the centre of cell g, output position
  /// i. Positioned: ready for evaluation.
  [[nodiscard]] Matrix<Rational> prompt(const QuantizedFunction& f) const;
  /// Returns an input X in [0,1]^{d x L} at its positions behind the prompt.
  [[nodiscard]] Matrix<Rational> input(const Matrix<Rational>& X) const {
    return positioned(X, grid_.d, prompt_tokens_);
  }

  /// Returns what evaluate(dense(form), prompt, input) returns, for positioned tokens with contents in [0,1],
  /// without the weights: the telescoped sum of FFN 2 is interpolation between the two codes around z, found
  /// by decoding z.
  [[nodiscard]] Matrix<Rational> evaluate_sparse(UniversalForm form, const Matrix<Rational>& prompt,
                                                 const Matrix<Rational>& input) const;

  /// Returns the output that the prompt inside a code's digits asks for at the code's position: d values.
  [[nodiscard]] Vector<Rational> wanted_output(const Code& code) const;

  /// Returns the bound on d_alpha(f, output), for f in F(C, alpha) and finite alpha, and on the error off the
  /// ramps: ( off^alpha + n n (k-1) eta )^{1/alpha}, off = (C+1) n^{1/alpha}/(2k).
  [[nodiscard]] Interval guarantee(const Rational& C, const Rational& alpha) const;
  [[nodiscard]] Interval guarantee_off_ramps(const Rational& C, const Number& alpha) const;
  /// Returns sizes and guarantee as a record of kind sufficient.
  [[nodiscard]] Record claim(const Rational& C, const Rational& alpha) const;

 private:
  [[nodiscard]] Rational level(Index c, long j, long digit) const;
  [[nodiscard]] FeedForward<Rational> wide_block() const;
  void add_deep_blocks(std::vector<Layer<Rational>>& layers) const;
  [[nodiscard]] Vector<Rational> interpolate(const Rational& z) const;
  [[nodiscard]] Vector<Rational> through_windows(const Rational& z) const;
  void require_memory(UniversalForm form, double memory_bytes) const;

  Grid grid_;
  Index L_;
  long prompt_tokens_;
  CodeBook codes_;
};

}  // namespace promptbound

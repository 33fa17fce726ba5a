/// The blocks shared by theory items 5.2 and 5.3: a softmax that looks up the prompt token nearest to the
/// input.
#pragma once

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// Returns the least multiple of 2^-10 that is certainly at least x: scores may be larger than needed, and
/// short numbers read better.
[[nodiscard]] Rational round_score_up(const Interval& x);

/// Token layout, width 4n + d + L + 2: data d, onehot L, flag 1, gate n, gather n, g n, g2 1, f n.
/// Blocks for L > 1: FFN 1 (gate block j <- relu(data + onehot_j - 1)), Att 1 (score -Lambda_1 flag, value
/// L (gate -> gather)), Att 2 (score beta (2 <gather, g> - g2) on prompt keys, -Lambda_2 on input keys, value
/// f), FFN 2 (data <- sum_j relu(f_j + onehot_j - 1)). For L = 1: Att 2 and FFN 2, the query reading data.
class LookupBlocks {
 public:
  /// Takes beta >= 0, Lambda_1 >= 0 (unused for L = 1), Lambda_2 real.
  LookupBlocks(Index d, Index L, Rational beta, Rational Lambda_1, Rational Lambda_2);

  [[nodiscard]] Index width() const { return 4 * n_ + d_ + L_ + 2; }
  [[nodiscard]] Transformer<Rational> transformer() const;

  /// Returns the prompt token with key g (n entries, coordinate (c, i) at i d + c), offset g2 and value f.
  /// Only the difference of scores counts: adding one number to every g2 shifts the scores against those of
  /// input keys.
  [[nodiscard]] Vector<Rational> prompt_token(const Vector<Rational>& g, const Rational& g2,
                                              const Vector<Rational>& f) const;
  /// Returns the input tokens: data x_i, onehot e_i.
  [[nodiscard]] Matrix<Rational> input(const Matrix<Rational>& X) const;
  /// Returns the data rows of an output.
  template <class Scalar>
  [[nodiscard]] Matrix<Scalar> output(const Sequence<Scalar>& Z) const {
    return Z.topRows(d_);
  }

 private:
  [[nodiscard]] FeedForward<Rational> gate_block() const;
  [[nodiscard]] AttentionHead<Rational> gather_head() const;
  [[nodiscard]] AttentionHead<Rational> lookup_head() const;
  [[nodiscard]] FeedForward<Rational> pick_block() const;

  Index d_, L_, n_;
  Rational beta_, Lambda_1_, Lambda_2_;
  // First rows of the parts of a token.
  Index onehot_, flag_, gate_, gather_, g_, g2_, f_;
};

}  // namespace promptbound

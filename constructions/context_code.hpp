/// Theory 3.3: one softmax layer with weights of rank one whose outputs tell every token in every context
/// apart.
#pragma once

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// Sequences are made of T different columns of the vocabulary, in any order. The layer is
///   x -> x + gamma e_1 sum_j p_j (a^T z_j),  p_j proportional to exp(beta (a^T x)(a^T z_j)),
/// so W_Q = beta a^T, W_K = W_V = a^T, W_O = gamma e_1. With |beta (a^T x)(a^T z - a^T z')| >= 2 ln T + 3 for
/// all tokens the key lemma of KS24 makes the outputs of one token in two sets of tokens differ; gamma |a^T
/// z| <= s/4 keeps different tokens apart, at distance s/2 if the vocabulary's least distance is s.
class ContextCode {
 public:
  /// Takes a vocabulary d x v without zero or repeated columns; 2 <= T <= v; at most 10^5 pairs of a token
  /// and its set. Throws InputError otherwise.
  ContextCode(Matrix<Rational> vocabulary, Index T);

  [[nodiscard]] const Transformer<Rational>& layer() const { return layer_; }

  /// Returns the least distance of two outputs that belong to different tokens or to different sets, enclosed
  /// by computing every output; the precision rises until it is certainly positive. Throws Undecided when it
  /// does not.
  [[nodiscard]] Interval separation() const;

  /// The premises of the published bound for this vocabulary, enclosed: least and largest norm, least
  /// distance.
  struct Premises {
    Interval r_min, r_max, s;
  };
  [[nodiscard]] Premises premises() const;

 private:
  void choose_direction();
  [[nodiscard]] Interval separation_at_this_precision() const;

  Matrix<Rational> vocabulary_;
  Index T_;
  Vector<Rational> a_;
  Transformer<Rational> layer_;
};

}  // namespace promptbound

/// Moments of keys (theory 4.2): exp is replaced by a polynomial of the score, so that sums over the keys
/// become moments of the keys, computed once, and the cost is linear in the number of tokens. Certified.
#pragma once

#include <vector>

#include <promptbound/attention/polynomial/polynomial_error.hpp>

namespace promptbound {

/// The sum of e^{<scaled query, key - centre>} over the keys, as computed: the exact sum, of
/// the exact data, is `value` times a factor within e^{-tilt} .. e^{tilt}. The tilt is infinite where nothing
/// is known.
template <class T>
struct Normalisers {
  std::vector<T> value;
  std::vector<double> tilt;
};

/// The moments of keys and values of one head under one polynomial. They add up: a soft prompt's moments are
/// computed once, copied, and the moments of each input's keys are added.
///
/// All keys are shifted by the same centre, which changes nothing in softmax and makes scores small; any
/// centre is right, the mean of the keys is good.
template <class T>
class KeyMoments {
 public:
  /// Takes d <= 2^20 coordinates in `centre`; at most 2^31 monomials.
  KeyMoments(ScorePolynomial polynomial, std::vector<T> centre, Index d_v);

  /// Adds `count` keys (rows of d) and their values (rows of d_v), all finite.
  void add(const T* keys, const T* values, Index count, int threads = 1);

  [[nodiscard]] const ScorePolynomial& polynomial() const { return polynomial_; }
  /// Counts the monomials with a moment for every column of the values, and those of the even moment.
  [[nodiscard]] Index rank() const { return layout_.full(); }
  [[nodiscard]] Index moment_rank() const { return static_cast<Index>(layout_.singles.size()); }

  /// Computes the attention of queries (rows of d, not scaled) over all keys added so far, at least one, with
  /// certified errors: infinite for queries whose scores may exceed the polynomial's S. Writes the
  /// normalisers where they are wanted.
  void attend(const T* queries, Index count, double scale, T* output, float* error, int threads = 1,
              Normalisers<T>* normalisers = nullptr) const;

 private:
  void add(const KeySums<T>& sums, Index count);
  /// Returns the weights for queries whose scale leaves this rest.
  [[nodiscard]] std::vector<T> weights(double rest) const;

  ScorePolynomial polynomial_;
  MomentLayout layout_;
  std::vector<T> centre_;
  std::vector<double> moments_;
  MomentSizes sizes_;  ///< of the centred keys and of the values
};

}  // namespace promptbound

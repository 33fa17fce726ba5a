/// Certified errors of polynomial attention from the sizes of keys, values and queries.
#pragma once

#include <vector>

#include <promptbound/attention/check_arrays.hpp>
#include <promptbound/attention/polynomial/moment_layout.hpp>
#include <promptbound/attention/polynomial/score_polynomial.hpp>
#include <promptbound/numeric/fast_interval.hpp>

namespace promptbound {

// What the kernels report.
template <class T>
struct KeySums;
template <class T>
struct QuerySizes;

/// Returns gamma of the rounding analysis: by which part of the sum of the sizes of their terms the computed
/// sums over keys and monomials are off. `top` the highest degree, `chain` the additions in one chain over
/// monomials, `parts` the number of ranges that keys were cut into.
template <class T>
[[nodiscard]] double polynomial_rounding(Index top, Index chain, Index keys, Index parts);

/// Sizes of all keys and values of a KeyMoments.
struct MomentSizes {
  Index keys = 0, parts = 0;           ///< parts: ranges that keys were cut into
  double key_norm = 0;                 ///< of every centred key, at most
  double key_squares = 0;              ///< sum of the squared norms of all of them, at least
  std::vector<double> least, largest;  ///< of each column of the values
  double value_size = 0;               ///< largest |value|

  explicit MomentSizes(Index d_v);
  template <class T>
  void add(const KeySums<T>& sums, Index d, Index count);
};

/// What no output of some queries is off by more than: a part of each column's range or distance, and a part
/// of the largest |value|; and the tilt of their normalisers (Normalisers). Infinite where nothing is known.
struct PolynomialBound {
  double per_range, per_size, tilt;
};

/// The error analysis of polynomial_error.cpp for the moments of some keys.
template <class T>
class PolynomialError {
 public:
  /// Takes the `rest` of the queries' QueryScale.
  PolynomialError(const ScorePolynomial& polynomial, const MomentLayout& layout, const MomentSizes& sizes,
                  double rest);

  /// Bounds the errors for queries of these sizes.
  [[nodiscard]] PolynomialBound bound(const QuerySizes<T>& queries) const;
  /// Writes a row of errors for each of them, rounded up, to `out` (rows of d_v).
  void write(const PolynomialBound& bound, const QuerySizes<T>& queries, Index count, float* out) const;

 private:
  [[nodiscard]] FastInterval size_of_all(const FastInterval& x) const;
  [[nodiscard]] FastInterval coefficient(Index l) const;
  [[nodiscard]] std::vector<double> distances(const QuerySizes<T>& queries, double per_size) const;

  const ScorePolynomial& polynomial_;
  const MomentSizes& sizes_;
  Index d_;
  // What does not depend on the queries; names as in polynomial_error.cpp.
  FastInterval rest_, gamma_, m_, K_, root_mean_, spread_, monomials_, constant_, root_d_, K_power_,
      size_of_keys_, most_sum_, lost_score_;
  std::vector<double> ranges_;
};

}  // namespace promptbound

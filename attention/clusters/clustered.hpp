/// Polynomial attention with a centre and a polynomial for each cluster of the keys. A polynomial is needed
/// only on |<q, k - centre>| <= |q| radius, and clusters have small radii: where keys lie in groups far
/// apart, this needs far lower degrees than one centre, and works where scores are too large for one.
#pragma once

#include <algorithm>

#include <promptbound/attention/arrays.hpp>
#include <promptbound/attention/polynomial/polynomial.hpp>

namespace promptbound {

/// Keys and values of one head, sorted by cluster.
template <class T>
struct KeyClusters {
  Index d = 0, d_v = 0;
  std::vector<T> keys, values;          ///< rows of d and d_v
  std::vector<Index> end;               ///< cluster g: rows end[g-1] .. end[g]-1, at least one
  std::vector<std::vector<T>> centres;  ///< any are right; near the keys is good
  std::vector<ScorePolynomial> polynomials;

  [[nodiscard]] Index count() const { return static_cast<Index>(end.size()); }
  [[nodiscard]] Index first(Index g) const { return g == 0 ? 0 : end[static_cast<std::size_t>(g - 1)]; }
  [[nodiscard]] Index keys_of(Index g) const { return end[static_cast<std::size_t>(g)] - first(g); }
  /// Returns the sum over the clusters of their numbers of monomials.
  [[nodiscard]] Index rank() const {
    double sum = 0;
    for (const ScorePolynomial& polynomial : polynomials) sum += monomial_count(d, polynomial.degree());
    return static_cast<Index>(sum);
  }
  [[nodiscard]] const ScorePolynomial& highest() const {
    return *std::max_element(polynomials.begin(), polynomials.end(),
                             [](const auto& a, const auto& b) { return a.degree() < b.degree(); });
  }
};

/// Sorts all keys and values of the head by their nearest centre, given relative to `centre`; the clusters'
/// centres are their means. No polynomials yet.
template <class T>
[[nodiscard]] KeyClusters<T> sort_by_centre(const AttentionArrays<T>& arrays, Index head,
                                            const std::vector<T>& centre, const std::vector<T>& centres);

/// Computes the attention of the head's queries over the clusters' keys, which must be all keys of the head:
/// rows of d_v, and certified errors, infinite where nothing is known. `sizes` as check_arrays gives them.
template <class T>
void attend_clusters(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
                     const KeyClusters<T>& clusters, T* output, float* error, int threads = 1);

}  // namespace promptbound

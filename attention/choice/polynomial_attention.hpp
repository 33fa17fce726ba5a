/// Polynomial attention: one polynomial in place of exp for all keys of a head, or one for each cluster of
/// them.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include <promptbound/attention/clusters/cluster_choice.hpp>
#include <promptbound/attention/exact/exact.hpp>
#include <promptbound/attention/polynomial/polynomial_choice.hpp>

namespace promptbound {

struct PolynomialOptions {
  double accuracy = 1e-3;  ///< every output within accuracy * (largest |value| of its head)
  int threads = 1;
  bool moment = true;    ///< may use the even-moment certificate
  bool clusters = true;  ///< may give clusters of keys centres and polynomials of their own (clustered.hpp)
};

/// How polynomial attention was done: the polynomial of each head; with clusters, that of highest degree.
struct PolynomialChoice {
  std::vector<ScorePolynomial> polynomials;
  Index degree = 0, rank = 0;  ///< largest over the heads; a head's rank is the sum over its clusters
  Index clusters = 0;          ///< most clusters of keys in a head; 1: one polynomial for all its keys
};

/// What is to be done with one head.
template <class T>
struct HeadPlan {
  PolynomialTask task;
  std::vector<T> centre;                 ///< of all keys
  std::optional<PolynomialPlan> single;  ///< one polynomial around it
  std::vector<ClusterPlan<T>> clusters;  ///< in its place, if any; the first one that does
  double most_of_clusters = 0;           ///< monomials, as make_clusters takes them
  PolynomialWork work;                   ///< of what is taken first

  [[nodiscard]] bool is_possible() const { return single || !clusters.empty(); }
};

/// Returns the polynomial around the centre of all keys of least work that is expected to reach the accuracy,
/// if any.
template <class T>
[[nodiscard]] HeadPlan<T> plan_head(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
                                    const PolynomialOptions& options);
/// Puts clusters in its place where they are expected to take less work, and less than `budget`, in monomials
/// (PolynomialWork): what else could be done costs no more.
template <class T>
void look_for_clusters(HeadPlan<T>& plan, const AttentionArrays<T>& arrays, Index head,
                       const ArraySizes& sizes, double budget = std::numeric_limits<double>::infinity());

/// Returns nothing when the accuracy cannot be certified in T with at most 2^20 monomials, or the mask is
/// causal. Throws InputError as check_arrays does.
template <class T>
[[nodiscard]] std::optional<Attended<T>> polynomial_attention(const AttentionArrays<T>& arrays,
                                                              const PolynomialOptions& options,
                                                              PolynomialChoice* choice = nullptr);
/// Does the same into `result`, whose memory is used again: for many calls of one shape. Returns false for
/// nothing, and `result` holds no result then.
template <class T>
[[nodiscard]] bool polynomial_attention(const AttentionArrays<T>& arrays, const PolynomialOptions& options,
                                        Attended<T>& result, PolynomialChoice* choice = nullptr);
/// Does the same as the first with the sizes that check_arrays gave, and the plan of head 0 where there is
/// one already.
template <class T>
[[nodiscard]] std::optional<Attended<T>> polynomial_attention(const AttentionArrays<T>& arrays,
                                                              const PolynomialOptions& options,
                                                              const std::vector<ArraySizes>& sizes,
                                                              std::optional<HeadPlan<T>> first,
                                                              PolynomialChoice* choice);

}  // namespace promptbound

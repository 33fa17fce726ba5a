#include <promptbound/attention/centre_of_keys.hpp>
#include <promptbound/attention/choice/polynomial_attention.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <promptbound/attention/norm_kernel.hpp>

namespace promptbound {
namespace {

/// `S` and sampled scores of all keys around their centre.
template <class T>
std::optional<PolynomialPlan> plan_single(const AttentionArrays<T>& arrays, Index head,
                                          const ArraySizes& sizes, const std::vector<T>& centre,
                                          PolynomialTask task) {
  const auto d = static_cast<std::size_t>(arrays.d);
  double key_square = 0;
  const auto add = [&](Index first, Index count) {
    if (count == 0) return;
    key_square = std::max(key_square,
                          square_norms<T>(arrays.key(head, first), count, arrays.d, centre.data(), nullptr));
  };
  add(0, arrays.prompt);
  add(arrays.prompt, arrays.m);
  // The certificate's norms are computed in T and rounded up.
  task.S = sizes.largest_query * arrays.scale * std::sqrt(key_square) *
           (1 + static_cast<double>(12 * arrays.d + 40) * unit_roundoff<T>)*(1 + 1e-9);
  const std::vector<double> queries = scaled_queries(arrays, head, typical_queries(sizes, 64));
  std::vector<double> keys, values;
  for (Index j = 0; j < arrays.keys(); j += std::max<Index>(1, arrays.keys() / 128)) {
    for (std::size_t c = 0; c < d; ++c)
      keys.push_back(static_cast<double>(arrays.key(head, j)[c] - centre[c]));
    for (Index c = 0; c < arrays.d_v; ++c) values.push_back(static_cast<double>(arrays.value(head, j)[c]));
  }
  if (key_square > 0) {
    const double squares = std::inner_product(keys.begin(), keys.end(), keys.begin(), 0.0);
    const std::size_t sampled = keys.size() / d;
    task.spread = std::min(1.0, 1.1 * squares / (static_cast<double>(sampled) * key_square));
  }
  SampledScores scores(queries, keys, arrays.d, {.longest = 4, .along_keys = 4});
  task.distance =
      std::min(task.range, 1.05 * scores.distance(values, sizes.least, sizes.largest) / sizes.value_size);
  return least_polynomial<T>(task, scores);
}

/// Does what is planned, and says how; false where nothing is.
template <class T>
bool attend_as_planned(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
                       const HeadPlan<T>& plan, int threads, T* output, float* error,
                       PolynomialChoice& choice) {
  std::optional<KeyClusters<T>> clusters;
  if (!plan.clusters.empty()) {
    clusters =
        make_clusters(arrays, head, sizes, plan.centre, plan.task, plan.most_of_clusters, plan.clusters);
  }
  if (clusters) {
    attend_clusters(arrays, head, sizes, *clusters, output, error, threads);
    choice = {{clusters->highest()}, clusters->highest().degree(), clusters->rank(), clusters->count()};
    return true;
  }
  if (!plan.single) return false;
  KeyMoments<T> moments(polynomial_of(*plan.single), plan.centre, arrays.d_v);
  if (arrays.prompt > 0) moments.add(arrays.key(head, 0), arrays.value(head, 0), arrays.prompt, threads);
  if (arrays.m > 0)
    moments.add(arrays.key(head, arrays.prompt), arrays.value(head, arrays.prompt), arrays.m, threads);
  moments.attend(arrays.query(head, 0), arrays.n, arrays.scale, output, error, threads);
  choice = {{moments.polynomial()}, moments.polynomial().degree(), moments.rank(), 1};
  return true;
}

}  // namespace

template <class T>
HeadPlan<T> plan_head(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
                      const PolynomialOptions& options) {
  HeadPlan<T> plan;
  PolynomialTask& task = plan.task;
  task = {arrays.d, arrays.d_v, arrays.keys(), 0, 1, options.accuracy, 0, 0, options.moment};
  for (std::size_t c = 0; c < sizes.least.size(); ++c) {
    const double range = sizes.largest[c] - sizes.least[c];
    if (range > 0) task.range = std::max(task.range, range / sizes.value_size);
  }
  task.distance = task.range;
  plan.centre = centre_of_keys(arrays, head);
  plan.single = plan_single(arrays, head, sizes, plan.centre, task);
  if (plan.single) {
    const auto tokens = static_cast<double>(arrays.n + arrays.keys());
    plan.work.add(tokens, plan.single->work);
  }
  return plan;
}

template <class T>
void look_for_clusters(HeadPlan<T>& plan, const AttentionArrays<T>& arrays, Index head,
                       const ArraySizes& sizes, double budget) {
  plan.most_of_clusters = plan.single ? std::min(budget, plan.work.monomials) : budget;
  plan.clusters = plan_clusters(arrays, head, sizes, plan.centre, plan.task, plan.most_of_clusters);
  if (!plan.clusters.empty()) plan.work = plan.clusters.front().work;
}

namespace {

/// polynomial_attention into `result`.
template <class T>
bool attend_heads(const AttentionArrays<T>& arrays, const PolynomialOptions& options,
                  const std::vector<ArraySizes>& sizes, std::optional<HeadPlan<T>> plan, Attended<T>& result,
                  PolynomialChoice* choice) {
  if (arrays.mask == Mask::causal) return false;
  PolynomialChoice chosen;
  result.output.resize(static_cast<std::size_t>(arrays.heads * arrays.n * arrays.d_v));
  result.error.resize(result.output.size());
  for (Index head = 0; head < arrays.heads; ++head) {
    const ArraySizes& of_head = sizes[static_cast<std::size_t>(head)];
    const auto offset = head * arrays.n * arrays.d_v;
    float* error = result.error.data() + offset;
    bool is_reached = false;
    // The plan rests on estimates: when the certificate falls short, ask for more, at last without them.
    // Where clusters were tried, the last attempt does without.
    int attempts = 3;
    for (int attempt = 0; attempt < attempts && !is_reached; ++attempt) {
      PolynomialOptions stricter = options;
      stricter.moment = options.moment && attempt < 2;
      stricter.clusters = options.clusters && attempt < 3;
      if (attempt == 1) stricter.accuracy /= 2;
      if (head > 0 || attempt > 0 || !plan) {
        plan = plan_head(arrays, head, of_head, stricter);
        if (stricter.clusters) look_for_clusters(*plan, arrays, head, of_head);
      }
      if (!plan->clusters.empty()) attempts = 4;
      PolynomialChoice of_plan;
      if (!attend_as_planned(arrays, head, of_head, *plan, options.threads, result.output.data() + offset,
                             error, of_plan))
        continue;
      const double reached = largest_error(error, arrays.n, arrays.d_v),
                   wanted = options.accuracy * of_head.value_size;
      is_reached = reached <= wanted;
      if (!is_reached) {
        // An estimate that was far off: the next attempt would rest on it too.
        if (attempt == 0 && !(reached <= 2 * wanted)) ++attempt;
        continue;
      }
      chosen.polynomials.push_back(of_plan.polynomials[0]);
      chosen.degree = std::max(chosen.degree, of_plan.degree);
      chosen.rank = std::max(chosen.rank, of_plan.rank);
      chosen.clusters = std::max(chosen.clusters, of_plan.clusters);
    }
    if (!is_reached) return false;
  }
  if (choice != nullptr) *choice = std::move(chosen);
  return true;
}

}  // namespace

template <class T>
std::optional<Attended<T>> polynomial_attention(const AttentionArrays<T>& arrays,
                                                const PolynomialOptions& options,
                                                const std::vector<ArraySizes>& sizes,
                                                std::optional<HeadPlan<T>> plan, PolynomialChoice* choice) {
  std::optional<Attended<T>> result(std::in_place);
  if (!attend_heads(arrays, options, sizes, std::move(plan), *result, choice)) result.reset();
  return result;
}

template <class T>
std::optional<Attended<T>> polynomial_attention(const AttentionArrays<T>& arrays,
                                                const PolynomialOptions& options, PolynomialChoice* choice) {
  return polynomial_attention(arrays, options, check_arrays(arrays), std::optional<HeadPlan<T>>(), choice);
}

template <class T>
bool polynomial_attention(const AttentionArrays<T>& arrays, const PolynomialOptions& options,
                          Attended<T>& result, PolynomialChoice* choice) {
  return attend_heads(arrays, options, check_arrays(arrays), std::optional<HeadPlan<T>>(), result, choice);
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type.
#define PROMPTBOUND_INSTANTIATE(T)                                                                       \
  template HeadPlan<T> plan_head(const AttentionArrays<T>&, Index, const ArraySizes&,                    \
                                 const PolynomialOptions&);                                              \
  template void look_for_clusters(HeadPlan<T>&, const AttentionArrays<T>&, Index, const ArraySizes&,     \
                                  double);                                                               \
  template std::optional<Attended<T>> polynomial_attention(const AttentionArrays<T>&,                    \
                                                           const PolynomialOptions&, PolynomialChoice*); \
  template bool polynomial_attention(const AttentionArrays<T>&, const PolynomialOptions&, Attended<T>&,  \
                                     PolynomialChoice*);                                                 \
  template std::optional<Attended<T>> polynomial_attention(                                              \
      const AttentionArrays<T>&, const PolynomialOptions&, const std::vector<ArraySizes>&,               \
      std::optional<HeadPlan<T>>, PolynomialChoice*);
// NOLINTEND(bugprone-macro-parentheses)
PROMPTBOUND_INSTANTIATE(float)
PROMPTBOUND_INSTANTIATE(double)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound

#include <algorithm>
#include <bit>
#include <cmath>

#include <promptbound/attention/clusters/cluster_choice.hpp>
#include <promptbound/attention/clusters/key_groups.hpp>

namespace promptbound {
namespace {

/// By this factor clusters have to be cheaper: the model leaves out the caches.
constexpr double worthwhile = 0.9;
constexpr Index sampled_keys = 512, sampled_queries = 64;

/// Beside moments and polynomials' values, in monomials: every query's weight, exponential and combination
/// for each cluster (measured: some 5 ns beside a token's), what a key takes to find its cluster and go
/// there, and making the polynomials (some 8 us each).
double work_besides(Index n, Index keys, Index d, Index d_v, Index count) {
  const Index combined = n * count * (d + 4 * d_v + 190),
              sorted = keys * (3 * count * (d + 4) + 100 * (d + d_v)), made = count * 300'000;
  return static_cast<double>(combined + sorted + made) / static_cast<double>(d_v + 2);
}

/// Clusters of one head: what each has to do, and what they are expected to cost.
template <class T>
class Planner {
 public:
  /// Of clearly less than `most` monomials.
  Planner(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes, const PolynomialTask& task,
          double most)
      : arrays_(arrays),
        task_(task),
        query_norm_(sizes.largest_query * arrays.scale),
        most_(worthwhile * most) {
    task_.most_work = std::min(task.most_work, most_ / static_cast<double>(arrays.n));
    // Both the means and the weights of clusters take part of the error.
    task_.accuracy /= 2;
    // Scores within a cluster are small, and its means near the middle of its values as a rule.
    task_.distance = 0.75 * task.range;
    queries_ = scaled_queries(arrays, head, typical_queries(sizes, sampled_queries));
  }

  /// Of some keys around their centre, rows of d.
  [[nodiscard]] SampledScores scores_of(const std::vector<double>& centred, TakenQueries taken) const {
    return SampledScores(queries_, centred, arrays_.d, taken);
  }

  /// For keys at this distance from their centre, at most.
  [[nodiscard]] std::optional<PolynomialPlan> plan(double radius, SampledScores& scores) const {
    PolynomialTask of_cluster = task_;
    of_cluster.S = query_norm_ * radius;
    return least_polynomial<T>(of_cluster, scores);
  }

  /// The work expected of clusters with these centres, by sampled keys. Nothing when it is too much.
  [[nodiscard]] std::optional<PolynomialWork> work(const std::vector<T>& centres,
                                                   const std::vector<T>& sample) const {
    const auto d = static_cast<std::size_t>(arrays_.d);
    const std::vector<std::int32_t> nearest =
        nearest_centres(centres, arrays_.d, sample.data(), static_cast<Index>(sample.size() / d));
    std::vector<std::vector<double>> members(centres.size() / d);
    std::vector<double> square(members.size(), 0.0);
    for (std::size_t j = 0; j < sample.size(); j += d) {
      const auto g = static_cast<std::size_t>(nearest[j / d]);
      double of_key = 0;
      for (std::size_t c = 0; c < d; ++c) {
        const double entry = static_cast<double>(sample[j + c]) - static_cast<double>(centres[g * d + c]);
        members[g].push_back(entry);
        of_key += entry * entry;
      }
      square[g] = std::max(square[g], of_key);
    }
    const auto n = static_cast<double>(arrays_.n), keys = static_cast<double>(arrays_.keys());
    PolynomialWork sum;
    sum.monomials =
        work_besides(arrays_.n, arrays_.keys(), arrays_.d, arrays_.d_v, static_cast<Index>(members.size()));
    for (std::size_t g = 0; g < members.size(); ++g) {
      if (members[g].empty()) continue;
      // The sample does not hold the farthest keys, and a mean is nearer to the few that it is made of.
      const double count = static_cast<double>(members[g].size()) / static_cast<double>(d),
                   fit = (count + 1) / std::max(1.0, count - 1);
      // The main direction of as few keys as coordinates is rather theirs than the cluster's.
      SampledScores scores = scores_of(members[g], {.longest = 4, .along_keys = 0});
      const std::optional<PolynomialPlan> of_cluster = plan(1.1 * std::sqrt(square[g] * fit), scores);
      if (!of_cluster) return std::nullopt;
      const double share = static_cast<double>(members[g].size()) / static_cast<double>(sample.size());
      sum.add(share * keys + n, of_cluster->work);
      if (sum.monomials >= most_) return std::nullopt;
    }
    return sum;
  }

  /// A polynomial for each cluster, from a few of its keys, the farthest among them; false where they are too
  /// much work.
  [[nodiscard]] bool choose_polynomials(KeyClusters<T>& clusters) const {
    const auto d = static_cast<std::size_t>(clusters.d);
    std::vector<double> errors;  // expected of the polynomials
    for (Index g = 0; g < clusters.count(); ++g) {
      const std::vector<T>& centre = clusters.centres[static_cast<std::size_t>(g)];
      const T* first = clusters.keys.data() + clusters.first(g) * clusters.d;
      const auto members = static_cast<std::size_t>(clusters.keys_of(g));
      const std::size_t step = std::max<std::size_t>(1, members / 64);
      std::vector<double> some, key(d), farthest;
      double largest = -1;
      for (std::size_t j = 0; j < members; ++j) {
        double square = 0;
        for (std::size_t c = 0; c < d; ++c) {
          key[c] = static_cast<double>(first[j * d + c] - centre[c]);
          square += key[c] * key[c];
        }
        if (square > largest) farthest = key;
        largest = std::max(largest, square);
        if (j % step == 0) some.insert(some.end(), key.begin(), key.end());
      }
      some.insert(some.end(), farthest.begin(), farthest.end());
      const double radius = std::sqrt(largest) * (1 + 1e-6), S = query_norm_ * radius;
      // Another cluster's polynomial is as good where that one is little larger, and this one's moments are:
      // making one takes as long as some 10^6 multiply-adds.
      SampledScores scores = scores_of(some, {.longest = 2, .along_keys = 2});
      const auto error_of = [&](const ScorePolynomial& polynomial) {
        return polynomial.moment == 0
                   ? 0
                   : polynomial.absolute + polynomial.per_moment * scores.moment(polynomial.moment);
      };
      std::size_t known = 0;
      for (; known < errors.size(); ++known) {
        const ScorePolynomial& other = clusters.polynomials[known];
        if (S <= other.S && 0.8 * other.S <= S && error_of(other) <= 1.5 * errors[known]) break;
      }
      if (known < errors.size()) {
        const ScorePolynomial shared = clusters.polynomials[known];
        clusters.polynomials.push_back(shared);
        errors.push_back(errors[known]);
        continue;
      }
      const std::optional<PolynomialPlan> of_cluster = plan(radius, scores);
      if (!of_cluster) return false;
      clusters.polynomials.push_back(polynomial_of(*of_cluster));
      errors.push_back(error_of(clusters.polynomials.back()));
    }
    double sum = work_besides(arrays_.n, arrays_.keys(), clusters.d, clusters.d_v, clusters.count());
    for (Index g = 0; g < clusters.count(); ++g) {
      const ScorePolynomial& polynomial = clusters.polynomials[static_cast<std::size_t>(g)];
      sum += polynomial_work(clusters.d, clusters.d_v, polynomial.degree(), polynomial.moment) *
             static_cast<double>(clusters.keys_of(g) + arrays_.n);
    }
    return sum < most_;
  }
  [[nodiscard]] double most() const { return most_; }

 private:
  const AttentionArrays<T>& arrays_;
  PolynomialTask task_;
  double query_norm_, most_;
  std::vector<double> queries_;  ///< scaled
};

/// Up to `most` of the keys, relative to the centre.
template <class T>
std::vector<T> sample_of_keys(const AttentionArrays<T>& arrays, Index head, const std::vector<T>& centre,
                              Index most) {
  const Index keys = arrays.keys(), sampled = std::min(keys, most);
  // Steps of about the golden section of all: even steps may meet only some of the groups.
  const Index step = sampled == keys ? 1 : static_cast<Index>(0.6180339887 * static_cast<double>(keys)) | 1;
  std::vector<T> sample;
  for (Index i = 0, j = 0; i < sampled; ++i, j = (j + step) % keys) {
    for (std::size_t c = 0; c < centre.size(); ++c) sample.push_back(arrays.key(head, j)[c] - centre[c]);
  }
  return sample;
}

}  // namespace

template <class T>
std::vector<ClusterPlan<T>> plan_clusters(const AttentionArrays<T>& arrays, Index head,
                                          const ArraySizes& sizes, const std::vector<T>& centre,
                                          const PolynomialTask& task, double most) {
  const Index d = arrays.d;
  std::vector<ClusterPlan<T>> plans;
  const ClusterSearch search(d, arrays.d_v, most);
  if (!search.is_worthwhile() || task.range == 0) return plans;
  const std::vector<T> sample =
      sample_of_keys(arrays, head, centre, static_cast<Index>(sampled_keys * search.keys));
  const Seeds<T> seeds(sample, d);
  if (!std::isfinite(seeds.radius) || seeds.points.size() < 2 * centre.size()) return plans;
  // Clusters that are little smaller than the whole do not pay.
  const auto tight = std::find_if(seeds.cover.begin(), seeds.cover.end(),
                                  [&](double cover) { return cover <= 0.7 * seeds.radius; });
  if (tight == seeds.cover.end()) return plans;
  const auto enough = std::bit_ceil(static_cast<std::size_t>(tight - seeds.cover.begin()) + 1);

  const Planner<T> planner(arrays, head, sizes, task, most);
  for (auto count = std::max(Index{2}, static_cast<Index>(enough)); count <= most_groups; count *= 2) {
    // Even of degree 1.
    const double least = work_besides(arrays.n, arrays.keys(), d, arrays.d_v, count) +
                         static_cast<double>((d + 1) * (arrays.keys() + arrays.n * count));
    if (least >= planner.most()) break;
    const auto entries = std::min(seeds.points.size(), static_cast<std::size_t>(count * d));
    std::vector<T> centres(seeds.points.begin(), seeds.points.begin() + static_cast<std::ptrdiff_t>(entries));
    move_to_means(centres, sample, d, 3);
    const std::optional<PolynomialWork> work = planner.work(centres, sample);
    if (work) plans.push_back({std::move(centres), *work});
    if (entries == seeds.points.size()) break;
  }
  std::sort(plans.begin(), plans.end(),
            [](const auto& a, const auto& b) { return a.work.monomials < b.work.monomials; });
  return plans;
}

template <class T>
std::optional<KeyClusters<T>> make_clusters(const AttentionArrays<T>& arrays, Index head,
                                            const ArraySizes& sizes, const std::vector<T>& centre,
                                            const PolynomialTask& task, double most,
                                            const std::vector<ClusterPlan<T>>& plans) {
  // Clusters that turn out to be more work than the sample promised are still better than anything else.
  const Planner<T> planner(arrays, head, sizes, task, most / worthwhile);
  for (const ClusterPlan<T>& plan : plans) {
    KeyClusters<T> clusters = sort_by_centre(arrays, head, centre, plan.centres);
    if (planner.choose_polynomials(clusters)) return clusters;
  }
  return std::nullopt;
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type.
#define PROMPTBOUND_INSTANTIATE(T)                                                                           \
  template std::vector<ClusterPlan<T>> plan_clusters(const AttentionArrays<T>&, Index, const ArraySizes&,    \
                                                     const std::vector<T>&, const PolynomialTask&, double);  \
  template std::optional<KeyClusters<T>> make_clusters(const AttentionArrays<T>&, Index, const ArraySizes&,  \
                                                       const std::vector<T>&, const PolynomialTask&, double, \
                                                       const std::vector<ClusterPlan<T>>&);
// NOLINTEND(bugprone-macro-parentheses)
PROMPTBOUND_INSTANTIATE(float)
PROMPTBOUND_INSTANTIATE(double)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound

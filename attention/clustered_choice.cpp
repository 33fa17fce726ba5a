#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <promptbound/attention/clustered.hpp>
#include <promptbound/attention/key_groups.hpp>

// Which clusters to use. Nothing here is certified or needs to be: attend_clusters certifies what it
// computed.
//
// Both the means and the weights of clusters take part of the error, so each polynomial is to reach half the
// accuracy, relative to the values of all keys.

namespace promptbound {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double most_monomials = 1 << 20;
/// Sums in one cluster cost less than looking for several.
constexpr double small_cost = 1 << 22;
/// By this factor clusters have to be cheaper: the model leaves out finding their polynomials and the caches
/// (measured: at a modelled 0.55, n = 65536, d = 2, binary64, they took 1.1 times as long).
constexpr double worthwhile = 0.5;
constexpr Index most_sampled = 512, sampled_queries = 4;

/// In multiply-adds of sums: every query's weight, exponential and combination for each cluster (measured:
/// some 30 ns), and what a key takes to find its cluster and go there.
template <class T>
double cost_besides_sums(const AttentionArrays<T>& arrays, Index count) {
  const Index d = arrays.d, d_v = arrays.d_v;
  return static_cast<double>(arrays.n * count * 3 * (d / 2 + 2 * d_v + 20)) +
         static_cast<double>(arrays.keys() * (count * (d + 4) + 8 * (d + d_v)));
}

double cost_of_sums(Index d, Index d_v, Index degree, Index moment) {
  const double even = moment > 0 ? monomial_count(d, moment) - monomial_count(d, moment - 1) : 0;
  return monomial_count(d, degree) * static_cast<double>(d_v + 1) + 2 * even;
}

/// A few of the longest queries.
template <class T>
std::vector<Index> longest_queries(const AttentionArrays<T>& arrays, const ArraySizes& sizes) {
  std::vector<Index> order(static_cast<std::size_t>(arrays.n));
  std::iota(order.begin(), order.end(), Index{0});
  const auto wanted = static_cast<std::ptrdiff_t>(std::min(arrays.n, sampled_queries));
  std::partial_sort(order.begin(), order.begin() + wanted, order.end(), [&](Index a, Index b) {
    return sizes.query_square[static_cast<std::size_t>(a)] > sizes.query_square[static_cast<std::size_t>(b)];
  });
  order.resize(static_cast<std::size_t>(wanted));
  return order;
}

/// Expected costs of clusterings of the sampled keys.
template <class T>
class Estimate {
 public:
  Estimate(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
           const PolynomialOptions& options, const std::vector<Index>& queries)
      : arrays_(arrays), options_(options), query_norm_(sizes.largest_query * arrays.scale) {
    double range = 0;
    for (std::size_t c = 0; c < sizes.least.size(); ++c)
      range = std::max(range, sizes.largest[c] - sizes.least[c]);
    size_over_range_ = sizes.value_size / range;
    for (const Index i : queries) {
      for (Index c = 0; c < arrays.d; ++c)
        queries_.push_back(static_cast<double>(arrays.query(head, i)[c]) * arrays.scale);
    }
  }

  /// Infinite when a cluster is not expected to reach the accuracy.
  [[nodiscard]] double operator()(const std::vector<T>& centres, const std::vector<T>& points) const {
    const Index d = arrays_.d, count = static_cast<Index>(points.size()) / d;
    const NearestCentre<T> nearest(centres, d);
    std::vector<std::vector<double>> members(centres.size() / static_cast<std::size_t>(d));
    for (Index j = 0; j < count; ++j) {
      const T* point = points.data() + j * d;
      const Index g = nearest.of(point);
      for (Index c = 0; c < d; ++c) {
        members[static_cast<std::size_t>(g)].push_back(
            static_cast<double>(point[c]) -
            static_cast<double>(centres[static_cast<std::size_t>(g * d + c)]));
      }
    }
    double cost = cost_besides_sums(arrays_, static_cast<Index>(members.size()));
    for (const std::vector<double>& centred : members) {
      if (centred.empty()) continue;
      const double share = static_cast<double>(centred.size()) / static_cast<double>(points.size());
      cost += of_cluster(centred) *
              (share * static_cast<double>(arrays_.keys()) + static_cast<double>(arrays_.n));
    }
    return cost;
  }

 private:
  [[nodiscard]] double of_cluster(const std::vector<double>& centred) const {
    const auto d = static_cast<std::size_t>(arrays_.d);
    double radius = 0;
    for (std::size_t j = 0; j < centred.size(); j += d) {
      double square = 0;
      for (std::size_t c = 0; c < d; ++c) square += centred[j + c] * centred[j + c];
      radius = std::max(radius, square);
    }
    // The sample does not hold the farthest keys.
    const double S = std::max(query_norm_ * std::sqrt(radius) * 1.1, 1e-6);
    const double rounding =
        polynomial_rounding<T>(10, 100, arrays_.keys(), 2) * 2.2 * std::exp(S) + 4 * unit_roundoff<T>;
    const double room = (options_.accuracy / 2 - rounding) * size_over_range_ - 1.1 * unit_roundoff<T> * S;
    if (!(room > 0)) return infinity;
    // Per query: squares of scores, their powers, and the normaliser.
    const std::size_t keys = centred.size() / d, rows = queries_.size() / d;
    std::vector<double> squares, powers(rows * keys, 1.0), totals(rows, 0.0);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < keys; ++j) {
        double s = 0;
        for (std::size_t c = 0; c < d; ++c) s += queries_[i * d + c] * centred[j * d + c];
        squares.push_back(s * s);
        totals[i] += std::exp(s);
      }
    }
    double rest = std::exp(S), term = 1, moment = 1;
    for (Index degree = 0; monomial_count(arrays_.d, degree) <= most_monomials; ++degree) {
      // rest: e^S less the Taylor polynomial; where that cancels, its first term.
      rest -= term;
      term *= S / static_cast<double>(degree + 1);
      const double left = std::max(rest, term);
      if (degree > 0 && degree % 2 == 0 && options_.moment) {
        moment = 0;
        for (std::size_t i = 0; i < rows; ++i) {
          double sum = 0;
          for (std::size_t j = 0; j < keys; ++j) sum += powers[i * keys + j] *= squares[i * keys + j];
          moment = std::max(moment, sum / totals[i]);
        }
        // The polynomial of the odd degree before it has this moment too.
        const double of_power = std::pow(S, static_cast<double>(degree));
        if ((left + term_before(term, S, degree)) / of_power * moment * 1.2 <= room)
          return cost_of_sums(arrays_.d, arrays_.d_v, degree - 1, degree);
        if (left / of_power * moment * 1.2 <= room)
          return cost_of_sums(arrays_.d, arrays_.d_v, degree, degree);
      }
      // Chebyshev: 2 e^S I_{degree+1}(S), half of which counts.
      const double bessel = term * std::pow(2.0, -static_cast<double>(degree + 1));
      if (degree > 0 && std::exp(S) * bessel * 1.1 <= room)
        return cost_of_sums(arrays_.d, arrays_.d_v, degree, 0);
    }
    return infinity;
  }
  /// S^degree/degree! from the term of degree + 1.
  static double term_before(double term, double S, Index degree) {
    return term * static_cast<double>(degree + 1) / S;
  }

  const AttentionArrays<T>& arrays_;
  const PolynomialOptions& options_;
  double query_norm_, size_over_range_ = 1;
  std::vector<double> queries_;  ///< scaled
};

/// A polynomial for each cluster, from a few of its keys, the farthest among them; false where there is none.
template <class T>
bool choose_polynomials(KeyClusters<T>& clusters, const AttentionArrays<T>& arrays, Index head,
                        const ArraySizes& sizes, const PolynomialOptions& options,
                        const std::vector<Index>& queries) {
  const Index d = clusters.d;
  std::vector<T> some_queries;
  ArraySizes of_some = sizes;
  of_some.query_square.clear();
  for (const Index i : queries) {
    some_queries.insert(some_queries.end(), arrays.query(head, i), arrays.query(head, i) + d);
    of_some.query_square.push_back(sizes.query_square[static_cast<std::size_t>(i)]);
  }
  AttentionArrays<T> some;
  some.n = static_cast<Index>(queries.size());
  some.d = d;
  some.d_v = clusters.d_v;
  some.q = some_queries.data();
  some.scale = arrays.scale;
  PolynomialOptions half = options;
  half.accuracy /= 2;
  for (Index g = 0; g < clusters.count(); ++g) {
    const std::vector<T>& centre = clusters.centres[static_cast<std::size_t>(g)];
    const T* first = clusters.keys.data() + clusters.first(g) * d;
    const Index members = clusters.keys_of(g), step = std::max<Index>(1, members / 64);
    std::vector<T> some_keys;
    double largest = -1;
    Index farthest = 0;
    for (Index j = 0; j < members; ++j) {
      double square = 0;
      for (Index c = 0; c < d; ++c) {
        const auto entry = static_cast<double>(first[j * d + c] - centre[static_cast<std::size_t>(c)]);
        square += entry * entry;
      }
      if (square > largest) farthest = j;
      largest = std::max(largest, square);
      if (j % step == 0) some_keys.insert(some_keys.end(), first + j * d, first + (j + 1) * d);
    }
    some_keys.insert(some_keys.end(), first + farthest * d, first + (farthest + 1) * d);
    some.k = some_keys.data();
    some.m = static_cast<Index>(some_keys.size()) / d;
    // Another cluster's polynomial is as good where that one is little larger: finding one takes as long as
    // some 10^6 multiply-adds.
    const double S = sizes.largest_query * arrays.scale * std::sqrt(largest) * (1 + 1e-6);
    const auto known =
        std::find_if(clusters.polynomials.begin(), clusters.polynomials.end(),
                     [&](const ScorePolynomial& other) { return S <= other.S && 0.8 * other.S <= S; });
    if (known != clusters.polynomials.end()) {
      const ScorePolynomial shared = *known;
      clusters.polynomials.push_back(shared);
      continue;
    }
    const std::optional<ScorePolynomial> polynomial = choose_polynomial(some, 0, of_some, centre, half);
    if (!polynomial) return false;
    clusters.polynomials.push_back(*polynomial);
  }
  return true;
}

}  // namespace

template <class T>
std::optional<KeyClusters<T>> choose_clusters(const AttentionArrays<T>& arrays, Index head,
                                              const ArraySizes& sizes, const std::vector<T>& centre,
                                              const std::optional<ScorePolynomial>& single,
                                              const PolynomialOptions& options) {
  const Index d = arrays.d, keys = arrays.keys();
  const double tokens = static_cast<double>(keys + arrays.n);
  double cost = infinity;
  if (single) cost = cost_of_sums(d, arrays.d_v, single->degree(), single->moment) * tokens;
  if (!options.clusters || cost < small_cost || sizes.least == sizes.largest) return std::nullopt;

  std::vector<T> points;
  // Steps of about the golden section of all: even steps may meet only some of the groups.
  const Index sampled = std::min(keys, most_sampled);
  const Index step = sampled == keys ? 1 : static_cast<Index>(0.6180339887 * static_cast<double>(keys)) | 1;
  for (Index i = 0, j = 0; i < sampled; ++i, j = (j + step) % keys) {
    for (std::size_t c = 0; c < centre.size(); ++c) points.push_back(arrays.key(head, j)[c] - centre[c]);
  }
  // Clusters that are little smaller than the whole do not pay.
  const Seeds<T> seeds(points, d);
  if (!std::isfinite(seeds.radius) || seeds.points.size() < 2 * centre.size() ||
      seeds.cover > (single ? 0.6 : 0.8) * seeds.radius)
    return std::nullopt;

  const std::vector<Index> queries = longest_queries(arrays, sizes);
  const Estimate<T> estimate(arrays, head, sizes, options, queries);
  std::vector<std::pair<double, std::vector<T>>> found;
  for (Index count = 2; count <= most_groups; count *= 2) {
    // Even of degree 1.
    const double least = cost_besides_sums(arrays, count) +
                         cost_of_sums(d, arrays.d_v, 1, 0) * static_cast<double>(keys + arrays.n * count);
    if (least >= worthwhile * cost) break;
    const auto entries = std::min(seeds.points.size(), static_cast<std::size_t>(count * d));
    std::vector<T> centres(seeds.points.begin(), seeds.points.begin() + static_cast<std::ptrdiff_t>(entries));
    move_to_means(centres, points, d, 3);
    const double expected = estimate(centres, points);
    if (expected < worthwhile * cost) found.emplace_back(expected, std::move(centres));
    if (entries == seeds.points.size()) break;
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [expected, centres] : found) {
    KeyClusters<T> clusters = sort_by_centre(arrays, head, centre, centres);
    if (!choose_polynomials(clusters, arrays, head, sizes, options, queries)) continue;
    double modelled = cost_besides_sums(arrays, clusters.count());
    for (Index g = 0; g < clusters.count(); ++g) {
      const ScorePolynomial& polynomial = clusters.polynomials[static_cast<std::size_t>(g)];
      modelled += cost_of_sums(d, arrays.d_v, polynomial.degree(), polynomial.moment) *
                  static_cast<double>(clusters.keys_of(g) + arrays.n);
    }
    if (modelled < worthwhile * cost) return clusters;
  }
  return std::nullopt;
}

template std::optional<KeyClusters<float>> choose_clusters(const AttentionArrays<float>&, Index,
                                                           const ArraySizes&, const std::vector<float>&,
                                                           const std::optional<ScorePolynomial>&,
                                                           const PolynomialOptions&);
template std::optional<KeyClusters<double>> choose_clusters(const AttentionArrays<double>&, Index,
                                                            const ArraySizes&, const std::vector<double>&,
                                                            const std::optional<ScorePolynomial>&,
                                                            const PolynomialOptions&);

}  // namespace promptbound

#include <promptbound/attention/clusters/clustered.hpp>

#include <cmath>
#include <limits>

#include <promptbound/attention/clusters/cluster_kernel.hpp>
#include <promptbound/attention/clusters/key_groups.hpp>
#include <promptbound/attention/exact/exact_error.hpp>
#include <promptbound/attention/thread_parts.hpp>
#include <promptbound/numeric/fast_interval.hpp>

// Notation: o the exact output, o_g and L_g cluster g's mean and normaliser around its centre c_g, c any
// common vector, E_g = e^{<q, c_g - c>}, a_g = E_g L_g, p_g = a_g/sum a; ~ marks what is computed; u2 =
// 2^-53, u the unit roundoff of T; Q at least every scaled query's norm, D every |c_g - c|; m keys, G
// clusters.
//
// By theory 2.1 o = sum p_g o_g: the score <q, k> is <q, c> + <q, c_g - c> + <q, k - c_g>, and <q, c> is
// common. With ~a_g = a_g e^{t_g + common}, |t_g| <= t, and |~o_g - o_g| <= err_g,
//   sum ~p_g ~o_g - o = sum ~p_g (~o_g - o_g) + (sum ~p_g o_g - sum p_g o_g),
// at most sum ~p_g err_g and the column's range times tanh(t/2) <= min(t/2, 1): theory 4.2's constant for
// weights of quotient e^{2t}, because every o_g lies between the least and the largest value.
//
// t. KeyMoments bounds the tilt of ~L_g. The rest is in binary64 (weigh_centres): <q, c_g - c> has d
// products, each of two numbers that are rounded once, and d - 1 additions, 1.01 (d + 2) u2 Q D in all, twice
// that without fused multiply-add; less its largest over the clusters, u2 2.02 Q D; what underflows, d
// 2^-1074 (1 + D). The exponential is within 2^-50, and a_g rounded once.
//
// Clusters left out. Where E_g <= e^-600 of the largest, E_g is taken as 0. As every polynomial holds for
// scores up to 50 at most, L_g <= m_g e^50.1 and the largest one's L >= e^-50.1: those clusters have together
// at most m e^-499 <= m 2^-700 of the weight, and leaving them out moves the mean by at most that much of the
// range. The other a_g are normal numbers.
//
// Combination. Numerator and normaliser are sums of at most G terms, with one rounding for each product:
// within gamma = (G + 2) u2 of the sums of sizes, so the quotient within 2.02 gamma of sum ~p_g |~o_g| <=
// value_size + sum ~p_g err_g; one rounding of the quotient, one to T.

namespace promptbound {
namespace {

constexpr double largest_cluster_score = 50;

/// The differences c_g - c, coordinate by coordinate, and a bound on their norms.
struct Offsets {
  std::vector<double> entries;  ///< d x G
  double norm = 0;
};
template <class T>
Offsets offsets_of(const KeyClusters<T>& clusters) {
  const auto count = static_cast<std::size_t>(clusters.count()), d = static_cast<std::size_t>(clusters.d);
  Offsets offsets;
  offsets.entries.resize(d * count);
  bool is_finite = true;
  for (std::size_t g = 0; g < count; ++g) {
    double square = 0;
    for (std::size_t c = 0; c < d; ++c) {
      const double difference =
          static_cast<double>(clusters.centres[g][c]) - static_cast<double>(clusters.centres[0][c]);
      offsets.entries[c * count + g] = difference;
      square += difference * difference;
      is_finite = is_finite && std::isfinite(difference);
    }
    // Roundings of the differences, of the sum and of the root, and squares that underflow.
    offsets.norm = std::max(offsets.norm, std::sqrt(square * (1 + static_cast<double>(d + 16) * 0x1p-52) +
                                                    static_cast<double>(d) * 0x1p-1022));
  }
  if (!is_finite) offsets.norm = std::numeric_limits<double>::infinity();
  return offsets;
}

}  // namespace

template <class T>
KeyClusters<T> sort_by_centre(const AttentionArrays<T>& arrays, Index head, const std::vector<T>& centre,
                              const std::vector<T>& centres) {
  const Index d = arrays.d, d_v = arrays.d_v, keys = arrays.keys();
  std::vector<T> centred;
  centred.reserve(static_cast<std::size_t>(keys * d));
  for (Index j = 0; j < keys; ++j) {
    for (Index c = 0; c < d; ++c)
      centred.push_back(arrays.key(head, j)[c] - centre[static_cast<std::size_t>(c)]);
  }
  const std::vector<std::int32_t> label = nearest_centres(centres, d, centred.data(), keys);
  std::vector<Index> begin(centres.size() / static_cast<std::size_t>(d) + 1);
  std::vector<double> sums(centres.size(), 0.0);
  for (Index j = 0; j < keys; ++j) {
    const Index g = label[static_cast<std::size_t>(j)];
    ++begin[static_cast<std::size_t>(g) + 1];
    for (Index c = 0; c < d; ++c)
      sums[static_cast<std::size_t>(g * d + c)] += static_cast<double>(arrays.key(head, j)[c]);
  }
  KeyClusters<T> clusters;
  clusters.d = d;
  clusters.d_v = d_v;
  for (std::size_t g = 0; g + 1 < begin.size(); ++g) {
    const auto members = static_cast<double>(begin[g + 1]);
    begin[g + 1] += begin[g];
    if (members == 0) continue;
    clusters.end.push_back(begin[g + 1]);
    std::vector<T>& mean = clusters.centres.emplace_back();
    for (Index c = 0; c < d; ++c)
      mean.push_back(
          static_cast<T>(sums[g * static_cast<std::size_t>(d) + static_cast<std::size_t>(c)] / members));
  }
  clusters.keys.resize(static_cast<std::size_t>(keys * d));
  clusters.values.resize(static_cast<std::size_t>(keys * d_v));
  for (Index j = 0; j < keys; ++j) {
    const Index to = begin[static_cast<std::size_t>(label[static_cast<std::size_t>(j)])]++;
    std::copy_n(arrays.key(head, j), d, clusters.keys.data() + to * d);
    std::copy_n(arrays.value(head, j), d_v, clusters.values.data() + to * d_v);
  }
  return clusters;
}

template <class T>
void attend_clusters(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
                     const KeyClusters<T>& clusters, T* output, float* error, int threads) {
  const Index count = clusters.count(), d = clusters.d, d_v = clusters.d_v;
  const auto as_double = [](Index i) { return static_cast<double>(i); };
  std::vector<KeyMoments<T>> moments;
  bool is_small = true;
  for (Index g = 0; g < count; ++g) {
    const auto at = static_cast<std::size_t>(g);
    moments.emplace_back(clusters.polynomials[at], clusters.centres[at], d_v);
    moments.back().add(clusters.keys.data() + clusters.first(g) * d,
                       clusters.values.data() + clusters.first(g) * d_v, clusters.keys_of(g), threads);
    is_small = is_small && clusters.polynomials[at].S <= largest_cluster_score;
  }

  const Offsets offsets = offsets_of(clusters);
  const FastInterval u2(0x1p-53),
      reach = FastInterval(sizes.largest_query) * FastInterval(arrays.scale) * FastInterval(offsets.norm);
  const double of_centres =
      (FastInterval(2.02 * as_double(d + 5)) * u2 * reach + FastInterval(0x1p-49) +
       FastInterval(as_double(d)) * FastInterval(0x1p-1074) * FastInterval(1 + offsets.norm))
          .upper();
  const double left_out = as_double(arrays.keys()) * 0x1p-700;
  const double rounding = 2.03 * as_double(count + 4) * 0x1p-53 + 1.01 * unit_roundoff<T>;
  const std::vector<double> range = ranges_of(sizes.least, sizes.largest);

  // Few enough queries for everything to stay in the cache, enough of them for the moments' weights to cost
  // nothing; fixed, so that results do not depend on the number of threads.
  constexpr Index rows = 2048;
  for_each_part((arrays.n + rows - 1) / rows, threads, [&](Index number) {
    const Index first = number * rows, present = std::min(rows, arrays.n - first);
    const Index padded = padded_for_clusters(present);
    const auto queries = static_cast<std::size_t>(padded), cells = static_cast<std::size_t>(padded * d_v);
    std::vector<T> means(cells);
    std::vector<float> errors(cells);
    std::vector<double> weights(queries * static_cast<std::size_t>(count)), sums(cells, 0.0),
        error_sums = sums, totals(queries, 0.0), tilt = totals;
    weigh_centres(arrays.query(head, first), present, d, arrays.scale, offsets.entries.data(), count,
                  weights.data());
    Normalisers<T> normalisers;
    for (Index g = 0; g < count; ++g) {
      moments[static_cast<std::size_t>(g)].attend(arrays.query(head, first), present, arrays.scale,
                                                  means.data(), errors.data(), 1, &normalisers);
      for (std::size_t i = 0; i < normalisers.tilt.size(); ++i)
        tilt[i] = std::max(tilt[i], normalisers.tilt[i]);
      normalisers.value.resize(queries);
      const ClusterShare<T> share = {weights.data() + g * padded, normalisers.value.data(), means.data(),
                                     errors.data()};
      add_share(share, padded, d_v, totals.data(), sums.data(), error_sums.data());
    }
    for (Index i = 0; i < present; ++i) {
      const auto row = static_cast<std::size_t>(i);
      const bool is_known = is_small && std::isfinite(tilt[row] + of_centres);
      const double per_range = std::min((tilt[row] + of_centres) / 2, 1.0) + left_out;
      for (Index c = 0; c < d_v; ++c) {
        const auto cell = static_cast<std::size_t>(i * d_v + c);
        output[(first + i) * d_v + c] = static_cast<T>(sums[cell] / totals[row]);
        const double of_means = error_sums[cell] / totals[row];
        const double bound = of_means + range[static_cast<std::size_t>(c)] * per_range +
                             rounding * (sizes.value_size + of_means);
        // The bound's own roundings, all terms being positive: fewer than 2^20 to binary64, one to binary32.
        error[(first + i) * d_v + c] = is_known ? static_cast<float>(bound * (1 + 0x1p-22) + 0x1p-148)
                                                : std::numeric_limits<float>::infinity();
      }
    }
  });
}

template KeyClusters<float> sort_by_centre(const AttentionArrays<float>&, Index, const std::vector<float>&,
                                           const std::vector<float>&);
template KeyClusters<double> sort_by_centre(const AttentionArrays<double>&, Index, const std::vector<double>&,
                                            const std::vector<double>&);
template void attend_clusters(const AttentionArrays<float>&, Index, const ArraySizes&,
                              const KeyClusters<float>&, float*, float*, int);
template void attend_clusters(const AttentionArrays<double>&, Index, const ArraySizes&,
                              const KeyClusters<double>&, double*, float*, int);

}  // namespace promptbound

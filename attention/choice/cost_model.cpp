#include <promptbound/attention/choice/cost_model.hpp>

#include <time.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

#include <promptbound/attention/cholesky/cholesky.hpp>
#include <promptbound/attention/cholesky/cholesky_kernel.hpp>
#include <promptbound/attention/polynomial/polynomial.hpp>

namespace promptbound {
namespace {

/// Of this thread's processor: what else runs must not make a method look slow.
double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The shortest of three runs: the first one warms the caches up.
double shortest_seconds(const auto& work) {
  double shortest = 0;
  for (int run = 0; run < 3; ++run) {
    const double start = processor_seconds();
    work();
    const double seconds = processor_seconds() - start;
    shortest = run == 0 ? seconds : std::min(shortest, seconds);
  }
  return shortest;
}

/// Arrays of small numbers: which ones does not matter to the time.
template <class T>
struct Specimen {
  std::vector<T> entries;
  AttentionArrays<T> arrays;

  Specimen(Index n, Index m, Index d, Index d_v) {
    entries.resize(static_cast<std::size_t>(std::max(n * d, m * std::max(d, d_v))));
    for (std::size_t i = 0; i < entries.size(); ++i)
      entries[i] = static_cast<T>(static_cast<double>(i % 17) / 16 - 0.5);
    arrays.n = n;
    arrays.m = m;
    arrays.d = d;
    arrays.d_v = d_v;
    arrays.scale = 1 / static_cast<double>(d);
    arrays.q = arrays.k = arrays.v = entries.data();
  }
};

/// The even moment of a specimen's polynomial.
Index even_moment(Index degree) { return degree + degree % 2; }

/// Seconds for a key and a query by a polynomial of the degree.
template <class T>
double token_seconds(Index d, Index d_v, Index degree) {
  constexpr Index tokens = 1024;
  const Specimen<T> specimen(tokens, tokens, d, d_v);
  KeyMoments<T> moments(moment_polynomial(1, 0, degree, even_moment(degree)),
                        std::vector<T>(static_cast<std::size_t>(d)), d_v);
  std::vector<T> output(static_cast<std::size_t>(tokens * d_v));
  std::vector<float> error(output.size());
  return shortest_seconds([&] {
           moments.add(specimen.arrays.k, specimen.arrays.v, tokens);
           moments.attend(specimen.arrays.q, tokens, specimen.arrays.scale, output.data(), error.data());
         }) /
         (2 * tokens);
}

/// What a polynomial of the degree costs in monomials with d_v + 1 moments each.
double monomials_of(Index d, Index d_v, Index degree) {
  return polynomial_work(d, d_v, degree, even_moment(degree));
}

/// Seconds for a key and a query by pivots, and a unit of their work.
double pivot_seconds(Index d, Index d_v) {
  constexpr Index tokens = 512, rank = 128;
  const Specimen<double> specimen(tokens, tokens, d, d_v + 1);
  const std::vector<double> inverse(rank * rank, 0.01);
  const PivotFeatures features{d, rank, specimen.entries.data(), inverse.data()};
  std::vector<double> sums(static_cast<std::size_t>(rank * (d_v + 1)), 0.0),
      totals(static_cast<std::size_t>(tokens * (d_v + 1))), residuals(tokens);
  return shortest_seconds([&] {
           add_features(features, specimen.arrays.k, specimen.arrays.v, d_v + 1, tokens, sums.data(),
                        residuals.data());
           read_features(features, specimen.arrays.q, sums.data(), d_v + 1, tokens, totals.data(),
                         residuals.data());
         }) /
         (2 * tokens * cholesky_work(d, d_v, rank));
}

template <class T>
Calibration measure(Index d, Index d_v) {
  Calibration rates;
  const Specimen<T> large(512, 1024, d, d_v), small(64, 512, d, d_v);
  rates.exact_pair = shortest_seconds([&] { (void)exact_attention(large.arrays); }) / (512 * 1024);
  rates.running_pair = shortest_seconds([&] {
                         (void)exact_attention(small.arrays, {Rounding::running, 1});
                       }) /
                       (64 * 512);
  rates.pivot = pivot_seconds(d, d_v);
  // The line through two ranks, or where even degree 2 is large, through degree 1 and the origin. Much
  // higher ranks cost no more for a monomial until their moments fill the caches: 1.3 to 1.6 times at 25,000
  // monomials with 8 to 20 columns.
  constexpr double enough_monomials = 1000;
  const double low = monomials_of(d, d_v, 1), at_low = token_seconds<T>(d, d_v, 1);
  Index degree = 1;
  while (degree < 30 && monomials_of(d, d_v, degree + 1) <= enough_monomials) ++degree;
  if (degree == 1) {
    rates.monomial = at_low / low;
    return rates;
  }
  const double high = monomials_of(d, d_v, degree), at_high = token_seconds<T>(d, d_v, degree);
  rates.monomial = std::max(at_high - at_low, at_high / 4) / (high - low);
  rates.token = std::max(0.0, at_low - rates.monomial * low);
  return rates;
}

/// How many times faster than one thread: at most one part of work for each.
double speed_up(int threads, double parts) { return std::min<double>(threads, std::max(1.0, parts)); }

/// Of one head's search for pivots on a sample of the tokens, after passes over all of them; in units
/// of cholesky_work, as measured.
template <class T>
double search_seconds(const AttentionArrays<T>& arrays, const Calibration& rates, Index rank) {
  const auto r = static_cast<double>(rank);
  const Index sampled = pivot_sample(arrays.n) + pivot_sample(arrays.keys());
  const Index entries = (arrays.n + arrays.keys()) * (arrays.d + arrays.d_v);
  const double step = 2 * r + static_cast<double>(3 * arrays.d + 10);
  return rates.pivot * (static_cast<double>(sampled) * r * step + 12 * static_cast<double>(entries));
}

/// Whether so many pivots fit the sample that they are chosen from better than other tokens, and a second
/// attempt is needed.
template <class T>
bool is_hard_to_sample(const AttentionArrays<T>& arrays, Index rank) {
  return rank > (pivot_sample(arrays.n) + pivot_sample(arrays.keys())) / 8;
}

}  // namespace

template <class T>
const Calibration& calibration(Index d, Index d_v) {
  static std::mutex mutex;
  static std::map<std::pair<Index, Index>, Calibration> known;
  const std::scoped_lock lock(mutex);
  const auto found = known.find({d, d_v});
  if (found != known.end()) return found->second;
  return known.emplace(std::pair{d, d_v}, measure<T>(d, d_v)).first->second;
}

template <class T>
double expected_exact(const AttentionArrays<T>& arrays, const Calibration& rates, Rounding rounding,
                      int threads) {
  const auto n = static_cast<double>(arrays.n), heads = static_cast<double>(arrays.heads);
  const double visible = static_cast<double>(arrays.visible(0) + arrays.visible(arrays.n - 1)) / 2;
  const double pair = rounding == Rounding::running ? rates.running_pair : rates.exact_pair;
  return pair * heads * n * visible / speed_up(threads, heads * n / 256);
}

template <class T>
double expected_polynomial(const AttentionArrays<T>& arrays, const Calibration& rates,
                           const PolynomialWork& work, int threads) {
  return static_cast<double>(arrays.heads) * (rates.token * work.tokens + rates.monomial * work.monomials) /
         speed_up(threads, static_cast<double>(arrays.n + arrays.keys()) / 4096);
}

double cholesky_work(Index d, Index d_v, Index rank) {
  const auto r = static_cast<double>(rank);
  return r * r / 2 + r * static_cast<double>(d + d_v + 12);
}

template <class T>
double expected_cholesky(const AttentionArrays<T>& arrays, const Calibration& rates, Index rank,
                         int threads) {
  const auto tokens = static_cast<double>(arrays.n + arrays.keys()), r = static_cast<double>(rank);
  // The factor of the pivots and the passes over the entries (as measured), features of all tokens, and the
  // tail of queries computed exactly.
  const double factor = 10 * rates.pivot * r * r * r,
               passes = 50 * static_cast<double>(arrays.d + arrays.d_v),
               features = tokens * rates.pivot * (cholesky_work(arrays.d, arrays.d_v, rank) + passes),
               heads = static_cast<double>(arrays.heads);
  const double attempts = is_hard_to_sample(arrays, rank) ? 2 : 1;
  return heads * attempts *
             (search_seconds(arrays, rates, rank) + factor + features / speed_up(threads, tokens / 1024)) +
         expected_exact(arrays, rates, Rounding::prior, threads) / cholesky_tail;
}

template <class T>
PivotLimits worthwhile_ranks(const AttentionArrays<T>& arrays, const Calibration& rates, double seconds,
                             int threads) {
  constexpr Index least = 16, step = 4;
  // More do not make the promise of the residuals' decay better: tokens in 20 clusters have shown it by 40.
  constexpr Index telling = 64;
  const auto largest = [&](Index rank, auto seconds_at, double allowed) {
    while (rank >= least && seconds_at(rank) > allowed) rank -= step;
    return rank >= least ? rank : 0;
  };
  const auto search = [&](Index rank) {
    return static_cast<double>(arrays.heads) * search_seconds(arrays, rates, rank);
  };
  // A second attempt takes more pivots than the first.
  const auto whole = [&](Index rank) {
    return expected_cholesky(arrays, rates, rank, threads) * (is_hard_to_sample(arrays, rank) ? 1.15 : 1);
  };
  const Index faster = largest(max_cholesky_rank, whole, seconds);
  const Index most = largest(faster, search, seconds / 6);
  // Passes over all entries tell nothing.
  const Index sure = largest(std::min(most, telling), search, seconds / 16 + search(0));
  return sure > 0 ? PivotLimits{most, sure} : PivotLimits{};
}

#define PROMPTBOUND_INSTANTIATE(T)                                                                          \
  template const Calibration& calibration<T>(Index, Index);                                                 \
  template double expected_exact(const AttentionArrays<T>&, const Calibration&, Rounding, int);             \
  template double expected_polynomial(const AttentionArrays<T>&, const Calibration&, const PolynomialWork&, \
                                      int);                                                                 \
  template double expected_cholesky(const AttentionArrays<T>&, const Calibration&, Index, int);             \
  template PivotLimits worthwhile_ranks(const AttentionArrays<T>&, const Calibration&, double, int);
PROMPTBOUND_INSTANTIATE(float)
PROMPTBOUND_INSTANTIATE(double)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound

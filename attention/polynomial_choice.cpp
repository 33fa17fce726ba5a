#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <tuple>

#include <promptbound/attention/polynomial.hpp>

// Which polynomial to use. Nothing here is certified or needs to be: KeyMoments::attend certifies what it
// computed.

namespace promptbound {
namespace {

constexpr double most_monomials = 1 << 20;
constexpr Index most_degree = 100;

/// Some long scaled queries against keys from all over, for estimates.
template <class T>
class Sample {
 public:
  double query_norm = 0, key_norm = 0;  ///< of all queries and centred keys

  Sample(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
         const std::vector<T>& centre) {
    query_norm = sizes.largest_query * arrays.scale;
    const auto d = static_cast<std::size_t>(arrays.d);
    for (Index j = 0; j < arrays.keys(); ++j) {
      const T* key = arrays.key(head, j);
      T square = 0;
      for (std::size_t c = 0; c < d; ++c) square += (key[c] - centre[c]) * (key[c] - centre[c]);
      key_norm = std::max(key_norm, static_cast<double>(square));
    }
    key_norm = std::sqrt(key_norm);
    // The longest query of each of up to 8 stretches.
    const Index stretches = std::min<Index>(arrays.n, 8);
    const Index step = std::max<Index>(1, arrays.keys() / 128);
    for (Index stretch = 0; stretch < stretches; ++stretch) {
      const auto square = sizes.query_square.begin();
      const auto longest = std::max_element(square + arrays.n * stretch / stretches,
                                            square + arrays.n * (stretch + 1) / stretches);
      const T* query = arrays.query(head, longest - square);
      double total = 0;
      for (Index j = 0; j < arrays.keys(); j += step) {
        const T* key = arrays.key(head, j);
        double score = 0;
        for (std::size_t c = 0; c < d; ++c)
          score += static_cast<double>(query[c]) * static_cast<double>(key[c] - centre[c]);
        score *= arrays.scale;
        squares_.push_back(score * score);
        total += std::exp(score);
      }
      totals_.push_back(total);
    }
    powers_.assign(squares_.size(), 1.0);
  }

  /// The largest sum s^h / sum e^s over the sampled queries; h even, in ascending order.
  [[nodiscard]] double moment(Index h) {
    const std::size_t keys = squares_.size() / totals_.size();
    while (power_ < h) {
      power_ += 2;
      moment_ = 0;
      for (std::size_t i = 0; i < totals_.size(); ++i) {
        double sum = 0;
        for (std::size_t j = i * keys; j < (i + 1) * keys; ++j) sum += powers_[j] *= squares_[j];
        moment_ = std::max(moment_, sum / totals_[i]);
      }
    }
    return moment_;
  }

 private:
  std::vector<double> squares_, powers_, totals_;  ///< s^2 and s^power_ by query and key, sum e^s by query
  Index power_ = 0;
  double moment_ = 1;
};

/// (e^S - T(S))/S^h for the Taylor polynomial T of the degree.
double taylor_rest(double S, Index degree, Index h) {
  double term = 1;
  for (Index l = 1; l <= degree + 1; ++l) term *= (l <= h ? 1 : S) / static_cast<double>(l);
  double sum = 0;
  for (Index l = degree + 1; term > 1e-17 * sum; ++l) {
    sum += term;
    term *= S / static_cast<double>(l + 1);
  }
  return sum;
}

/// 2 e^S sum_{l > g} I_l(S) at g = 0, 1, ..., until it is below the smallest rounding: theory 4.2's bound, in
/// doubles.
std::vector<double> chebyshev_rests(double S) {
  std::vector<double> rests;
  for (Index l = 1; rests.empty() || rests.back() > 1e-17; ++l)
    rests.push_back(2 * std::exp(S) * std::cyl_bessel_i(static_cast<double>(l), S));
  for (std::size_t g = rests.size() - 1; g-- > 0;) rests[g] += rests[g + 1];
  return rests;
}

/// S rounded up to 6 bits: sequences of one kind share polynomials then, and a wider range is right too.
double rounded_up(double S) {
  int exponent = 0;
  const double mantissa = std::frexp(S, &exponent);
  return std::ldexp(std::ceil(mantissa * 64), exponent - 6);
}

/// The polynomial of a plan. Making one in multiple precision takes longer than short sequences do, so the
/// last ones are kept.
ScorePolynomial polynomial_of(const PolynomialPlan& plan) {
  constexpr std::size_t most_kept = 256;
  using Key = std::tuple<double, Index, bool>;
  static std::mutex mutex;
  static std::map<Key, ScorePolynomial> kept;
  const Key key(plan.S, plan.degree, plan.is_taylor);
  {
    const std::scoped_lock lock(mutex);
    if (const auto found = kept.find(key); found != kept.end()) return found->second;
  }
  ScorePolynomial made =
      plan.is_taylor ? taylor_polynomial(plan.S, plan.degree) : chebyshev_polynomial(plan.S, plan.degree);
  const std::scoped_lock lock(mutex);
  if (kept.size() >= most_kept) kept.clear();
  kept.emplace(key, made);
  return made;
}

}  // namespace

double polynomial_work(Index d, Index d_v, Index degree, Index moment) {
  const double full = monomial_count(d, degree), columns = static_cast<double>(d_v + 1);
  if (moment == 0) return full;
  const double made = monomial_count(d, std::max(degree, moment)),
               single = monomial_count(d, moment) - monomial_count(d, moment - 1);
  return (made + full * columns + single) / (columns + 1);
}

template <class T>
std::optional<PolynomialPlan> plan_polynomial(const AttentionArrays<T>& arrays, Index head,
                                              const ArraySizes& sizes, const std::vector<T>& centre,
                                              const PolynomialOptions& options) {
  Sample<T> sample(arrays, head, sizes, centre);
  // The norms were rounded in T, and the certificate's are rounded up.
  const double rounding_of_norms = static_cast<double>(12 * arrays.d + 40) * unit_roundoff<T>;
  const double S =
      rounded_up(std::max(sample.query_norm * sample.key_norm * (1 + rounding_of_norms) * (1 + 1e-9), 1e-6));
  // Least degrees grow like S, and ranks with them; beyond 50 binary64 certifies nothing.
  if (S > 50) return std::nullopt;
  double range = 0;
  for (std::size_t c = 0; c < sizes.least.size(); ++c)
    range = std::max(range, sizes.largest[c] - sizes.least[c]);
  if (range == 0) return PolynomialPlan{S, 1, true, polynomial_work(arrays.d, arrays.d_v, 1, 2)};

  // Truncation that rounding leaves room for; the normaliser is at least about the number of keys, by
  // convexity.
  const auto room = [&](Index top, double rank) {
    const double gamma =
        polynomial_rounding<T>(top, expected_chain(static_cast<Index>(rank)), arrays.keys(), 2);
    const double rounding = 2 * gamma * std::exp(S) * 1.05 + 3 * unit_roundoff<T>;
    return (options.accuracy * sizes.value_size - rounding * sizes.value_size) / range -
           unit_roundoff<T> * S * 1.1;
  };
  std::optional<PolynomialPlan> best;
  const double tau = std::min(room(1, 1), 0.9);
  if (!(tau > 0)) return best;
  const std::vector<double> rests = chebyshev_rests(S);
  for (std::size_t g = 1; g < rests.size(); ++g) {
    const auto degree = static_cast<Index>(g);
    const double rank = monomial_count(arrays.d, degree);
    if (rank > most_monomials) break;
    // eta/(1 + sqrt(1 - eta^2)) = tau.
    const double left = std::min(room(degree, rank), 0.9);
    if (left > 0 && rests[g] <= 2 * left / (1 + left * left) * (1 - 1e-6)) {
      best = PolynomialPlan{S, degree, false, rank};
      break;
    }
  }
  for (Index degree = 1; options.moment && degree <= most_degree; ++degree) {
    const Index h = degree % 2 == 1 ? degree + 1 : degree;
    const double all = monomial_count(arrays.d, h), work = polynomial_work(arrays.d, arrays.d_v, degree, h);
    if (all > most_monomials || (best && work >= best->work)) break;
    const double truncation = taylor_rest(S, degree, h) * sample.moment(h) * 1.2;
    if (truncation <= room(h, all)) best = PolynomialPlan{S, degree, true, work};
  }
  return best;
}

template <class T>
std::optional<ScorePolynomial> choose_polynomial(const AttentionArrays<T>& arrays, Index head,
                                                 const ArraySizes& sizes, const std::vector<T>& centre,
                                                 const PolynomialOptions& options) {
  const std::optional<PolynomialPlan> plan = plan_polynomial(arrays, head, sizes, centre, options);
  if (!plan) return std::nullopt;
  return polynomial_of(*plan);
}

template std::optional<PolynomialPlan> plan_polynomial(const AttentionArrays<float>&, Index,
                                                       const ArraySizes&, const std::vector<float>&,
                                                       const PolynomialOptions&);
template std::optional<PolynomialPlan> plan_polynomial(const AttentionArrays<double>&, Index,
                                                       const ArraySizes&, const std::vector<double>&,
                                                       const PolynomialOptions&);
template std::optional<ScorePolynomial> choose_polynomial(const AttentionArrays<float>&, Index,
                                                          const ArraySizes&, const std::vector<float>&,
                                                          const PolynomialOptions&);
template std::optional<ScorePolynomial> choose_polynomial(const AttentionArrays<double>&, Index,
                                                          const ArraySizes&, const std::vector<double>&,
                                                          const PolynomialOptions&);

}  // namespace promptbound

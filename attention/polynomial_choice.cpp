#include <cmath>
#include <numeric>

#include <promptbound/attention/polynomial.hpp>
#include <promptbound/numeric/chebyshev.hpp>
#include <promptbound/numeric/precision.hpp>

// Which polynomial to use. Nothing here is certified or needs to be: KeyMoments::attend certifies what it
// computed.

namespace promptbound {
namespace {

constexpr double most_monomials = 1 << 20;
constexpr Index most_degree = 100;

/// A few of the longest scaled queries against keys from all over, for estimates.
template <class T>
struct Sample {
  double query_norm = 0, key_norm = 0;  ///< of all queries and centred keys
  std::vector<std::vector<double>> scores;

  Sample(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
         const std::vector<T>& centre) {
    query_norm = sizes.largest_query * arrays.scale;
    const auto d = static_cast<std::size_t>(arrays.d);
    const auto centred = [&](Index j, std::size_t c) {
      return static_cast<double>(arrays.key(head, j)[c]) - static_cast<double>(centre[c]);
    };
    for (Index j = 0; j < arrays.keys(); ++j) {
      double square = 0;
      for (std::size_t c = 0; c < d; ++c) square += centred(j, c) * centred(j, c);
      key_norm = std::max(key_norm, square);
    }
    key_norm = std::sqrt(key_norm);
    std::vector<Index> longest(static_cast<std::size_t>(arrays.n));
    std::iota(longest.begin(), longest.end(), Index{0});
    const auto wanted = static_cast<std::ptrdiff_t>(std::min<Index>(arrays.n, 16));
    std::partial_sort(longest.begin(), longest.begin() + wanted, longest.end(), [&](Index a, Index b) {
      return sizes.query_square[static_cast<std::size_t>(a)] >
             sizes.query_square[static_cast<std::size_t>(b)];
    });
    const Index step = std::max<Index>(1, arrays.keys() / 512);
    for (std::ptrdiff_t i = 0; i < wanted; ++i) {
      const T* query = arrays.query(head, longest[static_cast<std::size_t>(i)]);
      std::vector<double>& row = scores.emplace_back();
      for (Index j = 0; j < arrays.keys(); j += step) {
        double score = 0;
        for (std::size_t c = 0; c < d; ++c)
          score += static_cast<double>(query[c]) * arrays.scale * centred(j, c);
        row.push_back(score);
      }
    }
  }

  /// The largest sum s^h / sum e^s over the sampled queries.
  [[nodiscard]] double moment(Index h) const {
    double largest = 0;
    for (const std::vector<double>& row : scores) {
      double powers = 0, total = 0;
      for (const double s : row) {
        powers += std::pow(s, static_cast<double>(h));
        total += std::exp(s);
      }
      largest = std::max(largest, powers / total);
    }
    return largest;
  }
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

}  // namespace

double polynomial_work(Index d, Index d_v, Index degree, Index moment) {
  const double full = monomial_count(d, degree), columns = static_cast<double>(d_v + 1);
  if (moment == 0) return full;
  const double made = monomial_count(d, std::max(degree, moment)),
               single = monomial_count(d, moment) - monomial_count(d, moment - 1);
  return (made + full * columns + single) / (columns + 1);
}

template <class T>
std::optional<ScorePolynomial> choose_polynomial(const AttentionArrays<T>& arrays, Index head,
                                                 const ArraySizes& sizes, const std::vector<T>& centre,
                                                 const PolynomialOptions& options) {
  const Sample<T> sample(arrays, head, sizes, centre);
  const double S = std::max(sample.query_norm * sample.key_norm * (1 + 1e-5), 1e-6);
  // Least degrees grow like S, and ranks with them; beyond 50 binary64 certifies nothing.
  if (S > 50) return std::nullopt;
  double range = 0;
  for (std::size_t c = 0; c < sizes.least.size(); ++c)
    range = std::max(range, sizes.largest[c] - sizes.least[c]);
  if (range == 0) return taylor_polynomial(S, 1);

  // Truncation that rounding leaves room for; the normaliser is at least about the number of keys, by
  // convexity.
  const auto room = [&](Index top, double rank) {
    const double gamma = polynomial_rounding<T>(top, static_cast<Index>(rank), arrays.keys(), 2);
    const double rounding = 2 * gamma * std::exp(S) * 1.05 + 3 * unit_roundoff<T>;
    return (options.accuracy * sizes.value_size - rounding * sizes.value_size) / range -
           unit_roundoff<T> * S * 1.1;
  };
  struct Candidate {
    double cost;
    Index degree;
    bool is_taylor;
  };
  Candidate best{std::numeric_limits<double>::infinity(), 0, false};

  if (const double tau = std::min(room(20, 1e4), 0.9); tau > 0) {
    // eta/(1 + sqrt(1 - eta^2)) = tau.
    const WorkingPrecision scope(128);
    const Index degree = least_degree(Rational(S), Rational(2 * tau / (1 + tau * tau))).convert_to<Index>();
    const double rank = monomial_count(arrays.d, degree);
    if (rank <= most_monomials && room(degree, rank) > 0) best = {rank, degree, false};
  }
  for (Index degree = 1; options.moment && degree <= most_degree; ++degree) {
    const Index h = degree % 2 == 1 ? degree + 1 : degree;
    const double all = monomial_count(arrays.d, h), cost = polynomial_work(arrays.d, arrays.d_v, degree, h);
    if (all > most_monomials || cost >= best.cost) break;
    const double truncation = taylor_rest(S, degree, h) * sample.moment(h) * 1.2;
    if (truncation <= room(h, all)) best = {cost, degree, true};
  }
  if (best.degree == 0 && std::isinf(best.cost)) return std::nullopt;
  return best.is_taylor ? taylor_polynomial(S, best.degree) : chebyshev_polynomial(S, best.degree);
}

template std::optional<ScorePolynomial> choose_polynomial(const AttentionArrays<float>&, Index,
                                                          const ArraySizes&, const std::vector<float>&,
                                                          const PolynomialOptions&);
template std::optional<ScorePolynomial> choose_polynomial(const AttentionArrays<double>&, Index,
                                                          const ArraySizes&, const std::vector<double>&,
                                                          const PolynomialOptions&);

}  // namespace promptbound

#include <promptbound/attention/polynomial_choice.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>
#include <tuple>

#include <promptbound/attention/polynomial.hpp>

namespace promptbound {
namespace {

constexpr Index most_degree = 100;

/// moment_polynomial's bounds in doubles.
struct MomentBounds {
  double absolute, per_moment;
};
MomentBounds moment_bounds(double S, double inner, Index degree, Index moment) {
  // 2 I_l(inner) for l = degree + 1, ..., until the rest does not count at S: downwards, up to a factor,
  // which the series of the first gives.
  const auto count = static_cast<std::size_t>(16 + 2 * S);
  std::vector<double> coefficients(count);
  double above = 0, I = 1e-200;
  for (std::size_t l = count; l-- > 0;) {
    coefficients[l] = I;
    const double below = above + 2 * static_cast<double>(degree + 1 + static_cast<Index>(l)) / inner * I;
    above = I;
    I = below;
  }
  double term = 1, first = 0;
  for (Index l = 1; l <= degree + 1; ++l) term *= inner / 2 / static_cast<double>(l);
  for (Index k = 0; term > 1e-17 * first; ++k) {
    first += term;
    term *= inner * inner / 4 / static_cast<double>((k + 1) * (k + degree + 2));
  }
  const double factor = 2 * first / coefficients[0];
  for (double& coefficient : coefficients) coefficient *= factor;
  const double absolute = std::accumulate(coefficients.begin(), coefficients.end(), 0.0);
  const auto share_of_power = [&](double x) {
    const double y = x / inner, angle = std::acosh(std::max(y, 1.0)), step = std::exp(angle);
    // T_l(y) = cosh(l angle).
    double up = std::exp(static_cast<double>(degree + 1) * angle) / 2, down = 0.25 / up, sum = 0;
    for (const double coefficient : coefficients) {
      sum += coefficient * (up + down - 1);
      up *= step;
      down /= step;
    }
    return sum / std::pow(x, static_cast<double>(moment));
  };
  double share = share_of_power(S);
  if (moment > degree + 1) {
    for (const double position : {0.4, 0.6, 0.8})
      share = std::max(share, 1.03 * share_of_power(inner * std::pow(S / inner, position)));
  }
  return {absolute, share};
}

/// What a moment_polynomial is expected to leave of sum |p - e^s| / sum e^s.
struct MomentTrial {
  double inner, error;
};
MomentTrial try_moment(double S, Index degree, Index h, double moment) {
  // Where the inner range is best, within some percent of the bound: measured on uniform data.
  const double above = static_cast<double>(h - degree), g = static_cast<double>(degree);
  const double factor = above > 1   ? 1.3 - 1 / g
                        : above > 0 ? 1.75 - 2.6 / g
                        : above < 0 ? 1.45 + 1.9 / g
                                    : 1.8 - 1.8 / g;
  const double ratio = factor * std::pow(moment, 1 / static_cast<double>(h)) / S;
  const double inner = S / 32 * std::clamp(std::round(32 * std::max(ratio, 0.0)), 1.0, 32.0);
  const MomentBounds bounds = moment_bounds(S, inner, degree, h);
  const double error = bounds.absolute + bounds.per_moment * moment;
  return {inner, error < 1 ? error / (1 - error) : std::numeric_limits<double>::infinity()};
}

/// 2 e^S sum_{l > g} I_l(S) at g = 0, 1, ..., until it is below the smallest rounding: theory 4.2's bound, in
/// doubles.
std::vector<double> chebyshev_rests(double S) {
  // I_{l-1} = I_{l+1} + 2 l/S I_l downwards from far beyond what counts; I_0 + 2 (I_1 + I_2 + ...) = e^S.
  const auto last = static_cast<std::size_t>(30 + 2 * S);
  std::vector<double> rests(last + 1, 0.0);  // sum_{l > g} I_l, up to a factor
  double above = 0, I = 1e-200;
  for (std::size_t l = last; l >= 1; --l) {
    rests[l - 1] = rests[l] + I;
    const double below = above + 2 * static_cast<double>(l) / S * I;
    above = I;
    I = below;
  }
  const double factor = 2 * std::exp(2 * S) / (I + 2 * rests[0]);
  for (double& rest : rests) rest *= factor;
  return rests;
}

/// S rounded up to 6 bits: sequences of one kind share polynomials then, and a wider range is right too.
double rounded_up(double S) {
  int exponent = 0;
  const double mantissa = std::frexp(S, &exponent);
  return std::ldexp(std::ceil(mantissa * 64), exponent - 6);
}

}  // namespace

namespace {

double dot(const double* a, const double* b, std::size_t width) {
  return std::inner_product(a, a + width, b, 0.0);
}

/// A direction that many of the rows lie along: some steps of power iteration, from the longest row.
std::vector<double> main_direction(const std::vector<double>& rows, std::size_t width) {
  std::vector<double> direction(width);
  double longest = 0;
  for (std::size_t j = 0; j < rows.size(); j += width) {
    const double square = dot(&rows[j], &rows[j], width);
    if (square <= longest) continue;
    longest = square;
    std::copy_n(&rows[j], width, direction.begin());
  }
  constexpr int steps = 3;
  for (int step = 0; step < steps && longest > 0; ++step) {
    std::vector<double> next(width);
    for (std::size_t j = 0; j < rows.size(); j += width) {
      const double weight = dot(&rows[j], direction.data(), width) / longest;
      for (std::size_t c = 0; c < width; ++c) next[c] += weight * rows[j + c];
    }
    direction = std::move(next);
    longest = dot(direction.data(), direction.data(), width);
  }
  return direction;
}

/// Where up to `count` of the queries begin: half of them the longest, half those along the keys' main
/// direction.
std::vector<std::size_t> telling_rows(const std::vector<double>& queries, const std::vector<double>& keys,
                                      std::size_t width, std::size_t count) {
  const std::vector<double> direction = main_direction(keys, width);
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < queries.size(); i += width) rows.push_back(i);
  count = std::min(count, rows.size());
  auto from = rows.begin();
  const auto take = [&](std::size_t some, auto size_of) {
    const auto to = from + static_cast<std::ptrdiff_t>(some);
    std::partial_sort(from, to, rows.end(),
                      [&](std::size_t a, std::size_t b) { return size_of(a) > size_of(b); });
    from = to;
  };
  take(count / 2, [&](std::size_t i) { return dot(&queries[i], &queries[i], width); });
  take(count - count / 2, [&](std::size_t i) { return std::abs(dot(&queries[i], direction.data(), width)); });
  rows.resize(count);
  return rows;
}

}  // namespace

double polynomial_work(Index d, Index d_v, Index degree, Index moment) {
  const double full = monomial_count(d, degree), columns = static_cast<double>(d_v + 1);
  if (moment == 0) return full;
  const double made = monomial_count(d, std::max(degree, moment)),
               single = monomial_count(d, moment) - monomial_count(d, moment - 1);
  return (made + full * columns + single) / (columns + 1);
}

std::vector<Index> typical_queries(const ArraySizes& sizes, Index count) {
  const double* squares = sizes.query_square.data();
  const auto n = static_cast<Index>(sizes.query_square.size());
  const Index stretches = std::min(n, count);
  std::vector<Index> queries;
  for (Index stretch = 0; stretch < stretches; ++stretch) {
    // Vectors find the largest square, and a search where it is: together a quarter of max_element's time.
    const double *first = squares + n * stretch / stretches, *last = squares + n * (stretch + 1) / stretches;
    const double largest = Eigen::Map<const Eigen::ArrayXd>(first, last - first).maxCoeff();
    queries.push_back(std::find(first, last, largest) - squares);
    if (queries.back() != first - squares) queries.push_back(first - squares);
  }
  return queries;
}

SampledScores::SampledScores(const std::vector<double>& queries, const std::vector<double>& centred_keys,
                             Index d, Index count) {
  const auto width = static_cast<std::size_t>(d);
  for (const std::size_t i : telling_rows(queries, centred_keys, width, static_cast<std::size_t>(count))) {
    double total = 0;
    for (std::size_t j = 0; j < centred_keys.size(); j += width) {
      double score = 0;
      for (std::size_t c = 0; c < width; ++c) score += queries[i + c] * centred_keys[j + c];
      squares_.push_back(score * score);
      weights_.push_back(std::exp(score));
      total += weights_.back();
    }
    totals_.push_back(total);
  }
  powers_.assign(squares_.size(), 1.0);
}

double SampledScores::moment(Index h) {
  const std::size_t keys = squares_.size() / totals_.size();
  while (moments_.size() < static_cast<std::size_t>(h / 2)) {
    double largest = 0;
    for (std::size_t i = 0; i < totals_.size(); ++i) {
      double sum = 0;
      for (std::size_t j = i * keys; j < (i + 1) * keys; ++j) sum += powers_[j] *= squares_[j];
      largest = std::max(largest, sum / totals_[i]);
    }
    moments_.push_back(largest);
  }
  return moments_[static_cast<std::size_t>(h / 2 - 1)];
}

double SampledScores::distance(const std::vector<double>& values, const std::vector<double>& least,
                               const std::vector<double>& largest) const {
  const std::size_t keys = squares_.size() / totals_.size(), columns = least.size();
  double farthest = 0;
  std::vector<double> sums(columns);
  for (std::size_t i = 0; i < totals_.size(); ++i) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t j = 0; j < keys; ++j) {
      for (std::size_t c = 0; c < columns; ++c) sums[c] += weights_[i * keys + j] * values[j * columns + c];
    }
    for (std::size_t c = 0; c < columns; ++c) {
      const double output = sums[c] / totals_[i];
      farthest = std::max({farthest, output - least[c], largest[c] - output});
    }
  }
  return farthest;
}

template <class T>
std::optional<PolynomialPlan> least_polynomial(const PolynomialTask& task, SampledScores& scores) {
  const double S = rounded_up(std::max(task.S, 1e-6));
  // Least degrees grow like S, and ranks with them; beyond 50 binary64 certifies nothing.
  if (!(S <= 50)) return std::nullopt;
  if (task.range == 0) return PolynomialPlan{S, 1, 2, 0, polynomial_work(task.d, task.d_v, 1, 2)};

  // Truncation that rounding leaves room for; the normaliser is at least about the number of keys, by
  // convexity.
  const double growth =
      2.1 * (1 + S * std::sqrt(task.spread) + task.spread * std::max(0.0, std::exp(S) - 1 - S));
  const auto room = [&](Index top, double rank, double width, double roundings) {
    const double gamma = polynomial_rounding<T>(top, expected_chain(static_cast<Index>(rank)), task.keys, 2);
    const double rounding = gamma * growth + 3 * unit_roundoff<T>;
    return (task.accuracy - rounding) / width - roundings * unit_roundoff<T> * S;
  };
  std::optional<PolynomialPlan> best;
  if (!(room(1, 1, task.range / 2, 1) > 0)) return best;
  const std::vector<double> rests = chebyshev_rests(S);
  for (std::size_t g = 1; g < rests.size(); ++g) {
    const auto degree = static_cast<Index>(g);
    const double rank = monomial_count(task.d, degree);
    if (rank > task.most_work) break;
    // eta/(1 + sqrt(1 - eta^2)) = tau.
    const double tau = std::min(room(degree, rank, task.range, 1.1), 0.9);
    if (tau > 0 && rests[g] <= 2 * tau / (1 + tau * tau) * (1 - 1e-6)) {
      best = PolynomialPlan{S, degree, 0, 0, rank};
      break;
    }
  }
  if (!task.may_moment) return best;
  const auto error_of = [&](Index degree, Index h) {
    // High moments are those of few keys, which a sample misses.
    const double moment = scores.moment(h) * 1.2 * std::pow(1.02, std::max<Index>(0, h - 6));
    return try_moment(S, degree, h, moment);
  };
  const auto room_of = [&](Index degree, Index h) {
    return room(h, monomial_count(task.d, std::max(h, degree)), task.distance, 2.1);
  };
  // Moments of monomials that are there anyway, and the next one. Errors shrink with the degree, so the least
  // degree at which the next one does is found by halving; others may do little below it.
  const auto next_moment = [](Index degree) { return degree - degree % 2 + 2; };
  Index below = 0, degree = best ? best->degree : std::min(most_degree, static_cast<Index>(rests.size()));
  while (degree - below > 1) {
    const Index middle = (below + degree) / 2, h = next_moment(middle);
    // Where rounding leaves no room, more monomials do not help.
    const double left = room_of(middle, h);
    (left > 0 && error_of(middle, h).error > left ? below : degree) = middle;
  }
  const Index largest = degree;
  for (degree = std::max<Index>(1, degree - 3);; ++degree) {
    const Index even = next_moment(degree) - 2;
    if (monomial_count(task.d, degree) > task.most_work || !(room_of(degree, degree) > 0)) break;
    if (best && polynomial_work(task.d, task.d_v, degree, even) >= best->work) break;
    for (Index h = std::max<Index>(even, 2); h <= even + 2; h += 2) {
      const double all = monomial_count(task.d, std::max(h, degree)),
                   work = polynomial_work(task.d, task.d_v, degree, h);
      if (std::max(all, work) > task.most_work || (best && work >= best->work)) break;
      const MomentTrial trial = error_of(degree, h);
      if (trial.error <= room_of(degree, h)) best = PolynomialPlan{S, degree, h, trial.inner, work};
    }
    if (!best && degree >= largest) break;
  }
  return best;
}

ScorePolynomial polynomial_of(const PolynomialPlan& plan) {
  constexpr std::size_t most_kept = 256;
  using Key = std::tuple<double, double, Index, Index>;
  static std::mutex mutex;
  static std::map<Key, ScorePolynomial> kept;
  const Key key(plan.S, plan.inner, plan.degree, plan.moment);
  {
    const std::scoped_lock lock(mutex);
    if (const auto found = kept.find(key); found != kept.end()) return found->second;
  }
  ScorePolynomial made = plan.moment > 0 ? moment_polynomial(plan.S, plan.inner, plan.degree, plan.moment)
                                         : chebyshev_polynomial(plan.S, plan.degree);
  const std::scoped_lock lock(mutex);
  if (kept.size() >= most_kept) kept.clear();
  kept.emplace(key, made);
  return made;
}

template std::optional<PolynomialPlan> least_polynomial<float>(const PolynomialTask&, SampledScores&);
template std::optional<PolynomialPlan> least_polynomial<double>(const PolynomialTask&, SampledScores&);

}  // namespace promptbound

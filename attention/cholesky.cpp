#include <promptbound/attention/cholesky.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <promptbound/attention/parts.hpp>
#include <promptbound/attention/pivots.hpp>
#include <promptbound/attention/polynomial_attention.hpp>

// Notation: x the computed points (scaled queries times a balance c, centred keys over c), all of norm at
// most R, k = e^<q, k_j>, p_j = phi(q)^T phi(k_j) with the features of pivots.cpp, S the residual kernel, b =
// excess^2, m keys.
//
// Data. Five roundings and a scale put scores at most 8 u R^2 off: outputs by at most that times the
// column's range (tanh(x/2) <= x), which is at most 2 value_size.
//
// Interpolation. With o the exact output for these points and o' = sum p_j v_j/sum p_j: o' - o = b sum S(q,
// k_j) (o - v_j)/sum p_j. S is positive semidefinite, so |S(q, k)|^2 <= S(q, q) S(k, k) and, by Cauchy and
// Schwarz, |o' - o| <= t (D + |o - c|) with t = b sqrt(S(q, q) m sum_j S(k_j, k_j))/sum p_j, c any centre of
// the column and D^2 the mean of (v_j - c)^2. Each S(x, x) is computed. From the computed output o~:
// |o - c| <= |o~ - c| + |o - o~|, which gives |o - o~| <= (t (D + |o~ - c|) + the rest)/(1 - t). For t <= 1/2
// and c in the column's range, |o'| <= (1 + 4 t) value_size.
//
// Rounding. Sums over keys are chains of at most m + 8 additions, those over pivots of r; numerator and
// normaliser are off by at most m product_error times value_size and 1, the quotient by 2 (1 + 4 t) times
// that over the least normaliser. The quotient and its conversion to T round.

namespace promptbound {
namespace {

/// Sums of positive numbers, at most 2^20 of them at once, are rounded by less.
constexpr double rounded_up = 1 + 0x1p-30;

/// The points of one head.
struct Balanced {
  Points queries, keys;
  double norm_square = 0;  ///< of every point, at most
};

/// Of the rows' squared norms, at most; infinite where one is not a number.
double largest_square(const Points& points) {
  double largest = 0, sum = 0;
  for (Index i = 0; i < points.count(); ++i) {
    double square = 0;
    for (Index c = 0; c < points.d; ++c) square += points.row(i)[c] * points.row(i)[c];
    largest = std::max(largest, square);
    sum += square;
  }
  if (!std::isfinite(sum)) return std::numeric_limits<double>::infinity();
  return largest * (1 + static_cast<double>(points.d + 8) * 0x1p-52) + 0x1p-900;
}

template <class T>
Balanced balanced_points(const AttentionArrays<T>& arrays, Index head) {
  const Index d = arrays.d;
  const std::vector<T> centre = centre_of_keys(arrays, head);
  Balanced points{{d, {}}, {d, {}}};
  points.queries.rows.assign(arrays.query(head, 0), arrays.query(head, 0) + arrays.n * d);
  points.keys.rows.reserve(static_cast<std::size_t>(arrays.keys() * d));
  for (Index j = 0; j < arrays.keys(); ++j) {
    const T* key = arrays.key(head, j);
    for (Index c = 0; c < d; ++c)
      points.keys.rows.push_back(static_cast<double>(key[c]) -
                                 static_cast<double>(centre[static_cast<std::size_t>(c)]));
  }
  // Any balance is right; this one makes the largest query as long as the largest key.
  const double query = std::sqrt(largest_square(points.queries)) * arrays.scale,
               key = std::sqrt(largest_square(points.keys));
  const double balance = std::clamp(std::sqrt(key / query), 0x1p-200, 0x1p200);
  const double query_factor = arrays.scale * balance, key_factor = 1 / balance;
  for (double& entry : points.queries.rows) entry *= query_factor;
  for (double& entry : points.keys.rows) entry *= key_factor;
  points.norm_square = std::max(largest_square(points.queries), largest_square(points.keys));
  return points;
}

/// The residual of each query and key, for the choice of more pivots.
struct Residuals {
  std::vector<double> queries, keys;
};

/// Centres of the columns of the values and, at least, the root mean squares around them.
struct Spread {
  std::vector<double> centre, deviation;
};

template <class T>
Spread spread_of_values(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes) {
  const auto d_v = static_cast<std::size_t>(arrays.d_v);
  const auto m = static_cast<double>(arrays.keys());
  Spread spread{std::vector<double>(d_v, 0.0), std::vector<double>(d_v, 0.0)};
  for (Index j = 0; j < arrays.keys(); ++j) {
    const T* value = arrays.value(head, j);
    for (std::size_t c = 0; c < d_v; ++c) spread.centre[c] += static_cast<double>(value[c]);
  }
  for (std::size_t c = 0; c < d_v; ++c)
    spread.centre[c] = std::clamp(spread.centre[c] / m, sizes.least[c], sizes.largest[c]);
  for (Index j = 0; j < arrays.keys(); ++j) {
    const T* value = arrays.value(head, j);
    for (std::size_t c = 0; c < d_v; ++c) {
      const double difference = static_cast<double>(value[c]) - spread.centre[c];
      spread.deviation[c] += difference * difference;
    }
  }
  for (double& deviation : spread.deviation)
    deviation = std::sqrt(deviation / m * (1 + m * 0x1p-52)) * rounded_up + 0x1p-500;
  return spread;
}

/// Outputs and errors of one head.
template <class T>
void attend(const AttentionArrays<T>& arrays, Index head, const Balanced& points, const ArraySizes& sizes,
            const Spread& spread, const PivotFactor& factor, int threads, T* output, float* error,
            Residuals& residuals) {
  const Index n = arrays.n, m = arrays.keys(), d_v = arrays.d_v, columns = d_v + 1;
  const PivotFeatures features = factor.features();
  residuals.queries.resize(static_cast<std::size_t>(n));
  residuals.keys.resize(static_cast<std::size_t>(m));
  const auto size = static_cast<std::size_t>(features.rank * columns);
  std::vector<std::vector<double>> partial(static_cast<std::size_t>(key_parts));
  for_each_part(key_parts, threads, [&](Index part) {
    std::vector<double>& sums = partial[static_cast<std::size_t>(part)];
    sums.assign(size, 0.0);
    constexpr Index rows = 256;  // values as binary64, in the cache
    std::vector<double> values(static_cast<std::size_t>(rows * columns), 1.0);
    const Index end = m * (part + 1) / key_parts;
    for (Index first = m * part / key_parts; first < end; first += rows) {
      const Index present = std::min(rows, end - first);
      for (Index j = 0; j < present; ++j)
        std::copy_n(arrays.value(head, first + j), d_v, values.data() + j * columns);
      add_features(features, points.keys.row(first), values.data(), columns, present, sums.data(),
                   residuals.keys.data() + first);
    }
  });
  std::vector<double> sums(size, 0.0);
  for (const std::vector<double>& part : partial) {
    for (std::size_t i = 0; i < size; ++i) sums[i] += part[i];
  }

  const auto residual_above = [&](double residual) {
    return (std::max(0.0, residual) + factor.residual_error()) * rounded_up;
  };
  const auto keys = static_cast<double>(m);
  double of_keys = 0;
  for (const double residual : residuals.keys) of_keys += residual_above(residual);
  of_keys *= (1 + keys * 0x1p-52) * rounded_up;
  const double of_sums = keys * factor.product_error(m + 16) * rounded_up;
  const double of_data = 8 * unit_roundoff<double> * points.norm_square + 0x1p-900;
  const double of_quotient = unit_roundoff<T> + 2 * unit_roundoff<double>;
  std::fill(error, error + n * d_v, std::numeric_limits<float>::infinity());
  constexpr Index rows = 512;
  for_each_part((n + rows - 1) / rows, threads, [&](Index part) {
    const Index first = part * rows, present = std::min(rows, n - first);
    std::vector<double> totals(static_cast<std::size_t>(present * columns));
    read_features(features, points.queries.row(first), sums.data(), columns, present, totals.data(),
                  residuals.queries.data() + first);
    for (Index i = 0; i < present; ++i) {
      const double* row = totals.data() + i * columns;
      T* out = output + (first + i) * d_v;
      for (Index c = 0; c < d_v; ++c) out[c] = static_cast<T>(row[c] / row[d_v]);
      const double least = (row[d_v] - of_sums) * (1 - 0x1p-50);
      if (!(of_sums <= least / 2)) continue;
      const double of_query = residual_above(residuals.queries[static_cast<std::size_t>(first + i)]);
      const double t =
          factor.excess() * factor.excess() * std::sqrt(of_query * of_keys * keys) / least * rounded_up;
      if (!(t <= 0.5)) continue;
      const double fixed =
          sizes.value_size * (2 * (1 + 4 * t) * (of_sums / least + of_quotient) + 2 * of_data) +
          static_cast<double>(std::numeric_limits<T>::denorm_min());
      for (Index c = 0; c < d_v; ++c) {
        const auto column = static_cast<std::size_t>(c);
        const double deviation =
            spread.deviation[column] + std::abs(static_cast<double>(out[c]) - spread.centre[column]);
        error[(first + i) * d_v + c] =
            static_cast<float>((t * deviation + fixed) / (1 - t) * (1 + 0x1p-22) + 0x1p-148);
      }
    }
  });
}

/// Computes the queries whose errors are above the limit exactly, when they are few: a tail of queries would
/// otherwise set the rank for all. False when the limit is not kept.
template <class T>
bool replace_tail(const AttentionArrays<T>& arrays, Index head, double limit, int threads, T* output,
                  float* error) {
  const Index d = arrays.d, d_v = arrays.d_v;
  const auto is_above = [&](const float* of_query) {
    return !(static_cast<double>(*std::max_element(of_query, of_query + d_v)) <= limit);
  };
  std::vector<Index> tail;
  for (Index i = 0; i < arrays.n; ++i) {
    if (is_above(error + i * d_v)) tail.push_back(i);
  }
  if (tail.empty()) return true;
  if (static_cast<Index>(tail.size()) > arrays.n / 16) return false;
  std::vector<T> queries;
  for (const Index i : tail) queries.insert(queries.end(), arrays.query(head, i), arrays.query(head, i) + d);
  AttentionArrays<T> part = arrays;
  part.heads = 1;
  part.n = static_cast<Index>(tail.size());
  part.q = queries.data();
  part.k += head * arrays.m * d;
  part.v += head * arrays.m * d_v;
  part.prompt_k += head * arrays.prompt * d;
  part.prompt_v += head * arrays.prompt * d_v;
  const Attended<T> exact = exact_attention(part, {Rounding::prior, threads});
  for (std::size_t i = 0; i < tail.size(); ++i) {
    const auto from = static_cast<Index>(i) * d_v, to = tail[i] * d_v;
    std::copy_n(exact.output.data() + from, d_v, output + to);
    std::copy_n(exact.error.data() + from, d_v, error + to);
    if (is_above(error + to)) return false;
  }
  return true;
}

/// About `count` rows, evenly spread.
void append_spread(const Points& from, Index count, Points& to) {
  const Index rows = from.count(), taken = std::min(rows, count);
  for (Index i = 0; i < taken; ++i) to.append(from.row(rows * i / taken));
}

/// The `count` rows of largest residual.
void append_worst(const Points& from, const std::vector<double>& residuals, Index count, Points& to) {
  std::vector<Index> order(residuals.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto taken = std::min(order.size(), static_cast<std::size_t>(count));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(taken), order.end(),
                    [&](Index a, Index b) {
                      return residuals[static_cast<std::size_t>(a)] > residuals[static_cast<std::size_t>(b)];
                    });
  for (std::size_t i = 0; i < taken; ++i) to.append(from.row(order[i]));
}

/// The rank of one head, 0 when the accuracy is not certified.
template <class T>
Index attend_to_accuracy(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
                         const CholeskyOptions& options, T* output, float* error) {
  const Balanced points = balanced_points(arrays, head);
  if (!(points.norm_square <= max_cholesky_score)) return 0;
  const Spread spread = spread_of_values(arrays, head, sizes);
  const double deviation = *std::max_element(spread.deviation.begin(), spread.deviation.end());
  const double limit = options.accuracy * sizes.value_size;
  double target = limit > deviation ? 0.5 : std::min(0.5, 0.9 * limit / deviation);
  Points queries{arrays.d, {}}, keys{arrays.d, {}};
  append_spread(points.queries, 512, queries);
  append_spread(points.keys, 512, keys);
  // A sample misses the worst points: when the certificate falls short, add them and ask for more.
  for (int attempt = 0; attempt < 3; ++attempt) {
    Points sample = queries;
    sample.rows.insert(sample.rows.end(), keys.rows.begin(), keys.rows.end());
    const std::optional<Points> pivots =
        choose_pivots(sample, queries.count(), target, std::min(options.rank, max_cholesky_rank));
    if (!pivots) return 0;
    const PivotFactor factor(*pivots, points.norm_square);
    if (!factor.is_proved()) return 0;
    Residuals residuals;
    attend(arrays, head, points, sizes, spread, factor, options.threads, output, error, residuals);
    if (replace_tail(arrays, head, limit, options.threads, output, error)) return pivots->count();
    append_worst(points.queries, residuals.queries, 256, queries);
    append_worst(points.keys, residuals.keys, 256, keys);
    target *= 0.7;
  }
  return 0;
}

}  // namespace

template <class T>
std::optional<Attended<T>> cholesky_attention(const AttentionArrays<T>& arrays,
                                              const CholeskyOptions& options, Index* rank) {
  const std::vector<ArraySizes> sizes = check_arrays(arrays);
  if (arrays.mask == Mask::causal) return std::nullopt;
  Attended<T> result;
  result.output.resize(static_cast<std::size_t>(arrays.heads * arrays.n * arrays.d_v));
  result.error.resize(result.output.size());
  Index largest = 0;
  for (Index head = 0; head < arrays.heads; ++head) {
    const auto offset = head * arrays.n * arrays.d_v;
    const Index of_head = attend_to_accuracy(arrays, head, sizes[static_cast<std::size_t>(head)], options,
                                             result.output.data() + offset, result.error.data() + offset);
    if (of_head == 0) return std::nullopt;
    largest = std::max(largest, of_head);
  }
  if (rank != nullptr) *rank = largest;
  return result;
}

template std::optional<Attended<float>> cholesky_attention(const AttentionArrays<float>&,
                                                           const CholeskyOptions&, Index*);
template std::optional<Attended<double>> cholesky_attention(const AttentionArrays<double>&,
                                                            const CholeskyOptions&, Index*);

}  // namespace promptbound

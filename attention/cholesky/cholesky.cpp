#include <promptbound/attention/centre_of_keys.hpp>
#include <promptbound/attention/cholesky/cholesky.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <promptbound/attention/cholesky/cholesky_kernel.hpp>
#include <promptbound/attention/cholesky/pivots.hpp>
#include <promptbound/attention/thread_parts.hpp>

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

/// The points of one head, row by row. Norms: a difference of a key and the centre is rounded once, and the
/// computed square of the difference's norm is within (d + 1) u of the exact one; so key_square bounds the
/// squares of the differences that write_key starts from. largest_query bounds the queries. Both factors are
/// taken as they are, and each entry rounds once after them: squares grow by (1 + u)^2, those of the bounds
/// below lose (1 - u)^3, together less than 2^-48 = 32 u. Underflow, in entries here or in the bounds, adds
/// at most 2^-1074 to a norm and 2^-1074 to a square: 2^-900 covers it for norms up to max_cholesky_score.
template <class T>
class Balance {
 public:
  Balance(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes)
      : arrays_(arrays), head_(head) {
    const std::vector<T> centre = centre_of_keys(arrays, head);
    centre_.assign(centre.begin(), centre.end());
    double largest = 0, sum = 0;
    Eigen::VectorXd row(arrays.d);
    for (Index j = 0; j < arrays.keys(); ++j) {
      write_key(j, row.data());
      const double square = row.squaredNorm();
      largest = std::max(largest, square);
      sum += square;
    }
    if (!std::isfinite(sum)) return;
    const double key_square = largest * (1 + static_cast<double>(arrays.d + 8) * 0x1p-52) + 0x1p-900;
    // Any balance is right; this one makes the largest query as long as the largest key.
    const double balance = std::clamp(std::sqrt(std::sqrt(key_square) / (sizes.largest_query * arrays.scale)),
                                      0x1p-200, 0x1p200);
    query_factor_ = arrays.scale * balance;
    key_factor_ = 1 / balance;
    // Scores are those of the arrays only where the factor is rounded as normal numbers are.
    if (!(query_factor_ >= 0x1p-1000)) return;
    const double query_norm = sizes.largest_query * query_factor_;
    norm_square_ =
        std::max(query_norm * query_norm, key_square * key_factor_ * key_factor_) * (1 + 0x1p-48) + 0x1p-900;
  }

  /// Of every point, at most.
  [[nodiscard]] double norm_square() const { return norm_square_; }
  void write_query(Index i, double* row) const {
    const T* query = arrays_.query(head_, i);
    for (Index c = 0; c < arrays_.d; ++c) row[c] = static_cast<double>(query[c]) * query_factor_;
  }
  void write_key(Index j, double* row) const {
    const T* key = arrays_.key(head_, j);
    for (Index c = 0; c < arrays_.d; ++c)
      row[c] = (static_cast<double>(key[c]) - centre_[static_cast<std::size_t>(c)]) * key_factor_;
  }
  /// Those that pivots are chosen among, evenly spread.
  [[nodiscard]] Points some_queries() const {
    return spread(arrays_.n, [&](Index i, double* row) { write_query(i, row); });
  }
  [[nodiscard]] Points some_keys() const {
    return spread(arrays_.keys(), [&](Index j, double* row) { write_key(j, row); });
  }

 private:
  [[nodiscard]] Points spread(Index all, auto write) const {
    const Index count = pivot_sample(all);
    Points points{arrays_.d, std::vector<double>(static_cast<std::size_t>(count * arrays_.d))};
    for (Index i = 0; i < count; ++i) write(all * i / count, points.rows.data() + i * arrays_.d);
    return points;
  }

  const AttentionArrays<T>& arrays_;
  Index head_;
  std::vector<double> centre_;
  double query_factor_ = 1, key_factor_ = 1, norm_square_ = std::numeric_limits<double>::infinity();
};

/// The residual of each query and key, for the choice of more pivots.
struct Residuals {
  std::vector<double> queries, keys;
};

/// Centres of the columns of the values and, at least, the root mean squares around them.
struct Spread {
  std::vector<double> centre, deviation;
};

/// Of every `step`-th value.
template <class T>
Spread spread_of_values(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes, Index step) {
  const auto d_v = static_cast<std::size_t>(arrays.d_v);
  const Index sampled = (arrays.keys() + step - 1) / step;
  const auto m = static_cast<double>(sampled);
  Spread spread{std::vector<double>(d_v, 0.0), std::vector<double>(d_v, 0.0)};
  for (Index j = 0; j < arrays.keys(); j += step) {
    const T* value = arrays.value(head, j);
    for (std::size_t c = 0; c < d_v; ++c) spread.centre[c] += static_cast<double>(value[c]);
  }
  for (std::size_t c = 0; c < d_v; ++c)
    spread.centre[c] = std::clamp(spread.centre[c] / m, sizes.least[c], sizes.largest[c]);
  for (Index j = 0; j < arrays.keys(); j += step) {
    const T* value = arrays.value(head, j);
    for (std::size_t c = 0; c < d_v; ++c) {
      const double difference = static_cast<double>(value[c]) - spread.centre[c];
      spread.deviation[c] += difference * difference;
    }
  }
  for (double& deviation : spread.deviation)
    deviation = std::sqrt(deviation / m * (1 + m * 0x1p-52)) * sum_rounding + 0x1p-500;
  return spread;
}

/// Outputs and errors of one head.
template <class T>
void attend(const AttentionArrays<T>& arrays, Index head, const Balance<T>& balance, const ArraySizes& sizes,
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
    constexpr Index rows = 256;  // in binary64, in the cache
    std::vector<double> values(static_cast<std::size_t>(rows * columns), 1.0),
        points(static_cast<std::size_t>(rows * arrays.d));
    const Index end = m * (part + 1) / key_parts;
    for (Index first = m * part / key_parts; first < end; first += rows) {
      const Index present = std::min(rows, end - first);
      for (Index j = 0; j < present; ++j) {
        balance.write_key(first + j, points.data() + j * arrays.d);
        std::copy_n(arrays.value(head, first + j), d_v, values.data() + j * columns);
      }
      add_features(features, points.data(), values.data(), columns, present, sums.data(),
                   residuals.keys.data() + first);
    }
  });
  std::vector<double> sums(size, 0.0);
  for (const std::vector<double>& part : partial) {
    for (std::size_t i = 0; i < size; ++i) sums[i] += part[i];
  }

  const auto residual_above = [&](double residual) {
    return (std::max(0.0, residual) + factor.residual_error()) * sum_rounding;
  };
  const auto keys = static_cast<double>(m);
  double of_keys = 0;
  for (const double residual : residuals.keys) of_keys += residual_above(residual);
  of_keys *= (1 + keys * 0x1p-52) * sum_rounding;
  const double of_sums = keys * factor.product_error(m + 16) * sum_rounding;
  const double of_data = 8 * unit_roundoff<double> * balance.norm_square() + 0x1p-900;
  const double of_quotient = unit_roundoff<T> + 2 * unit_roundoff<double>;
  std::fill(error, error + n * d_v, std::numeric_limits<float>::infinity());
  constexpr Index rows = 256;
  for_each_part((n + rows - 1) / rows, threads, [&](Index part) {
    const Index first = part * rows, present = std::min(rows, n - first);
    std::vector<double> totals(static_cast<std::size_t>(present * columns)),
        points(static_cast<std::size_t>(present * arrays.d));
    for (Index i = 0; i < present; ++i) balance.write_query(first + i, points.data() + i * arrays.d);
    read_features(features, points.data(), sums.data(), columns, present, totals.data(),
                  residuals.queries.data() + first);
    for (Index i = 0; i < present; ++i) {
      const double* row = totals.data() + i * columns;
      T* out = output + (first + i) * d_v;
      for (Index c = 0; c < d_v; ++c) out[c] = static_cast<T>(row[c] / row[d_v]);
      const double least = (row[d_v] - of_sums) * (1 - 0x1p-50);
      if (!(of_sums <= least / 2)) continue;
      const double of_query = residual_above(residuals.queries[static_cast<std::size_t>(first + i)]);
      const double t =
          factor.excess() * factor.excess() * std::sqrt(of_query * of_keys * keys) / least * sum_rounding;
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

/// The `count` points of largest residual; write(i, row) writes them.
void append_worst(const std::vector<double>& residuals, Index count, Points& to, auto write) {
  std::vector<Index> order(residuals.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto taken = std::min(order.size(), static_cast<std::size_t>(count));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(taken), order.end(),
                    [&](Index a, Index b) {
                      return residuals[static_cast<std::size_t>(a)] > residuals[static_cast<std::size_t>(b)];
                    });
  std::vector<double> row(static_cast<std::size_t>(to.d));
  for (std::size_t i = 0; i < taken; ++i) {
    write(order[i], row.data());
    to.append(row.data());
  }
}

/// The rank of one head, 0 when the accuracy is not certified.
template <class T>
Index attend_to_accuracy(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes,
                         const CholeskyOptions& options, T* output, float* error) {
  const Balance<T> balance(arrays, head, sizes);
  if (!(balance.norm_square() <= max_cholesky_score)) return 0;
  // Of all values only once the pivots are known: where they do not suffice, little else is to be done.
  Spread spread = spread_of_values(arrays, head, sizes, std::max<Index>(1, arrays.keys() / 128));
  const double deviation = *std::max_element(spread.deviation.begin(), spread.deviation.end());
  const double limit = options.accuracy * sizes.value_size;
  double target = limit > deviation ? 0.5 : std::min(0.5, 0.9 * limit / deviation);
  Points queries = balance.some_queries(), keys = balance.some_keys();
  PivotLimits limits = options.limits;
  // A sample misses the worst points: when the certificate falls short, add them and ask for more. What was
  // spent on an attempt is lost without the next one, which takes more pivots.
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (attempt == 1) limits.most = std::min(max_cholesky_rank, limits.most * 13 / 10);
    const std::optional<Points> pivots = choose_pivots(queries, keys, target, limits);
    if (!pivots) return 0;
    const PivotFactor factor(*pivots, balance.norm_square());
    if (!factor.is_proved()) return 0;
    if (attempt == 0) spread = spread_of_values(arrays, head, sizes, 1);
    Residuals residuals;
    attend(arrays, head, balance, sizes, spread, factor, options.threads, output, error, residuals);
    if (replace_tail(arrays, head, limit, options.threads, output, error)) return pivots->count();
    append_worst(residuals.queries, 256, queries, [&](Index i, double* row) { balance.write_query(i, row); });
    append_worst(residuals.keys, 256, keys, [&](Index j, double* row) { balance.write_key(j, row); });
    target *= 0.7;
  }
  return 0;
}

}  // namespace

template <class T>
std::optional<Attended<T>> cholesky_attention(const AttentionArrays<T>& arrays,
                                              const CholeskyOptions& options,
                                              const std::vector<ArraySizes>& sizes, Index* rank) {
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

template <class T>
std::optional<Attended<T>> cholesky_attention(const AttentionArrays<T>& arrays,
                                              const CholeskyOptions& options, Index* rank) {
  return cholesky_attention(arrays, options, check_arrays(arrays), rank);
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type.
#define PROMPTBOUND_INSTANTIATE(T)                                                                          \
  template std::optional<Attended<T>> cholesky_attention(const AttentionArrays<T>&, const CholeskyOptions&, \
                                                         Index*);                                           \
  template std::optional<Attended<T>> cholesky_attention(const AttentionArrays<T>&, const CholeskyOptions&, \
                                                         const std::vector<ArraySizes>&, Index*);
// NOLINTEND(bugprone-macro-parentheses)
PROMPTBOUND_INSTANTIATE(float)
PROMPTBOUND_INSTANTIATE(double)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound

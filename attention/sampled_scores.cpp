#include <promptbound/attention/sampled_scores.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace promptbound {
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

template <class T>
std::vector<double> scaled_queries(const AttentionArrays<T>& arrays, Index head,
                                   const std::vector<Index>& queries) {
  std::vector<double> rows;
  for (const Index i : queries) {
    for (Index c = 0; c < arrays.d; ++c)
      rows.push_back(static_cast<double>(arrays.query(head, i)[c]) * arrays.scale);
  }
  return rows;
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

double SampledScores::moment_above(Index h) {
  return moment(h) * 1.2 * std::pow(1.02, std::max<Index>(0, h - 6));
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

template std::vector<double> scaled_queries(const AttentionArrays<float>&, Index, const std::vector<Index>&);
template std::vector<double> scaled_queries(const AttentionArrays<double>&, Index, const std::vector<Index>&);

}  // namespace promptbound

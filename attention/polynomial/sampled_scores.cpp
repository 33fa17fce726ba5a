#include <promptbound/attention/polynomial/sampled_scores.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace promptbound {
namespace {

using Rows = Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

Rows rows_of(const std::vector<double>& entries, Index width) {
  return {entries.data(), static_cast<Index>(entries.size()) / width, width};
}

/// A direction that many of the rows lie along: some steps of power iteration, from the longest row.
Eigen::VectorXd main_direction(const Rows& rows) {
  Index longest = 0;
  double square = rows.rowwise().squaredNorm().maxCoeff(&longest);
  Eigen::VectorXd direction = rows.row(longest);
  constexpr int steps = 3;
  for (int step = 0; step < steps && square > 0; ++step) {
    const Eigen::VectorXd along = rows * direction / square;
    direction = rows.transpose() * along;
    square = direction.squaredNorm();
  }
  return direction;
}

/// The rows of the queries that are taken, or all of them where there are no more.
std::vector<Index> telling_rows(const Rows& queries, const Rows& keys, TakenQueries taken) {
  std::vector<Index> rows(static_cast<std::size_t>(queries.rows()));
  std::iota(rows.begin(), rows.end(), Index{0});
  auto from = rows.begin();
  const auto take = [&](Index count, const Eigen::VectorXd& sizes) {
    const auto to = from + std::min(count, static_cast<Index>(rows.end() - from));
    std::partial_sort(from, to, rows.end(), [&](Index a, Index b) { return sizes(a) > sizes(b); });
    from = to;
  };
  take(taken.longest, queries.rowwise().squaredNorm());
  if (taken.along_keys > 0) take(taken.along_keys, (queries * main_direction(keys)).cwiseAbs());
  rows.erase(from, rows.end());
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
                             Index d, TakenQueries taken) {
  const Rows rows = rows_of(queries, d), keys = rows_of(centred_keys, d);
  for (const Index i : telling_rows(rows, keys, taken)) {
    const Eigen::VectorXd scores = keys * rows.row(i).transpose();
    const Eigen::ArrayXd weights = scores.array().exp();
    for (const double score : scores) squares_.push_back(score * score);
    weights_.insert(weights_.end(), weights.begin(), weights.end());
    totals_.push_back(weights.sum());
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

/// The vector kernels of Cholesky attention, in binary64; cholesky.hpp is the interface for everybody else.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

inline constexpr double log2_of_e = 0x1.71547652b82fep+0;

/// The features phi(x) = X (e^<z_a, x>)_a of the pivots z_1 .. z_r.
struct PivotFeatures {
  Index d = 0, rank = 0;
  const double* pivots = nullptr;   ///< z log2(e), rows of d
  const double* inverse = nullptr;  ///< X, lower triangular, rows of `rank`
};

/// Computes kernel[a count + i] = e^<z_a, x_i> for `count` points, rows of d; X is not read.
void pivot_kernel(const PivotFeatures& features, const double* points, Index count, double* kernel);

/// Adds to the sums: sums += sum_i phi(x_i) values_i^T, rank rows of `columns`; residuals[i] = e^|x_i|^2 -
/// |phi(x_i)|^2.
void add_features(const PivotFeatures& features, const double* points, const double* values, Index columns,
                  Index count, double* sums, double* residuals);

/// Computes totals_i = phi(x_i)^T sums, rows of `columns`, and the same residuals.
void read_features(const PivotFeatures& features, const double* points, const double* sums, Index columns,
                   Index count, double* totals, double* residuals);

/// Pivoted Cholesky on a sample of points, keys before queries, either filled up to whole groups.
struct CholeskySample {
  static constexpr Index group = 32;  ///< points, and rows of a slab: memory is taken as the rank grows

  Index d, keys, count, rank = 0;
  std::vector<double> points;              ///< by groups: d columns of `group`
  std::vector<std::vector<double>> slabs;  ///< by groups: rows of the factor
  std::vector<double> diagonal, totals;    ///< residuals; by query, the sum of its approximate weights

  /// Takes rows of d; nothing is a pivot yet.
  CholeskySample(const std::vector<double>& key_rows, const std::vector<double>& query_rows, Index dimension);

  [[nodiscard]] Index queries() const { return count - keys; }
  [[nodiscard]] std::vector<double> point(Index i) const;
};

/// What a step leaves: the largest residual, and how many queries x have S(x, x) (sum of the keys' residuals)
/// keys > (target * total)^2.
struct CholeskyStep {
  double largest;
  Index above;
};

/// Makes the point the next pivot.
CholeskyStep cholesky_step(CholeskySample& sample, Index pivot, double target);

}  // namespace promptbound

/// The vector kernels of Cholesky attention, in binary64; cholesky.hpp is the interface for everybody else.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// The features phi(x) = X (e^<z_a, x>)_a of the pivots z_1 .. z_r.
struct PivotFeatures {
  Index d = 0, rank = 0;
  const double* pivots = nullptr;   ///< z log2(e), rows of d
  const double* inverse = nullptr;  ///< X, lower triangular, rows of `rank`
};

/// Points, rows of d, as pivot_kernel reads them.
[[nodiscard]] std::vector<double> group_points(const double* points, Index d, Index count);

/// kernel[a count + i] = e^<z_a, x_i> for `count` grouped points; X is not read.
void pivot_kernel(const PivotFeatures& features, const std::vector<double>& groups, Index count,
                  double* kernel);

/// sums += sum_i phi(x_i) values_i^T, rank rows of `columns`; residuals[i] = e^|x_i|^2 - |phi(x_i)|^2.
void add_features(const PivotFeatures& features, const double* points, const double* values, Index columns,
                  Index count, double* sums, double* residuals);

/// totals_i = phi(x_i)^T sums, rows of `columns`, and the same residuals.
void read_features(const PivotFeatures& features, const double* points, const double* sums, Index columns,
                   Index count, double* totals, double* residuals);

/// One step of pivoted Cholesky on `count` points: row `step` of `rows` holds the new pivot's kernel and
/// becomes (kernel - sum_{s < step} rows[s][pivot] rows[s]) inverse_root; its squares leave the diagonal.
void cholesky_step(double* rows, Index step, Index pivot, double inverse_root, Index count, double* diagonal);

}  // namespace promptbound

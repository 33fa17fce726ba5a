/// Pivots of the kernel e^<x, y>, and a factor of their matrix that is proved to dominate it.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

struct PivotFeatures;  // of the kernels

/// Bounds by what factor a sum of at most 2^20 positive numbers is rounded at most, with a few operations
/// more.
inline constexpr double sum_rounding = 1 + 0x1p-30;

/// Points in binary64, rows of d.
struct Points {
  Index d = 0;
  std::vector<double> rows;

  [[nodiscard]] Index count() const { return static_cast<Index>(rows.size()) / d; }
  [[nodiscard]] const double* row(Index i) const { return rows.data() + i * d; }
  void append(const double* row) { rows.insert(rows.end(), row, row + d); }
};

/// How many pivots are worth it.
struct PivotLimits {
  Index most = 0;  ///< more do not pay
  Index sure = 0;  ///< from here on only where the decay of the residuals promises that `most` will do
};

/// Chooses pivots among some queries and keys, largest residual first, until t = sqrt(S(q, q) mean_k S(k,
/// k))/mean_k e^<q, k> <= target for nearly all the queries q. Nothing within the limits. An estimate for all
/// other points: the certificate decides.
[[nodiscard]] std::optional<Points> choose_pivots(const Points& queries, const Points& keys, double target,
                                                  PivotLimits limits);

/// The features of pivots, with what their errors are made of; see the .cpp.
class PivotFactor {
 public:
  /// Serves points x of norm |x|^2 <= norm_square, at most max_cholesky_score; the pivots are such points.
  PivotFactor(const Points& pivots, double norm_square);

  /// Tells whether the matrix of the pivots is proved to be dominated. Nothing below means anything
  /// otherwise.
  [[nodiscard]] bool is_proved() const { return is_proved_; }
  [[nodiscard]] PivotFeatures features() const;
  /// Returns the excess with which S(x, y) = e^<x, y> - phi(x)^T phi(y)/excess^2 is positive semidefinite.
  [[nodiscard]] double excess() const { return excess_; }
  /// Returns what S(x, x) may exceed the computed residual, or 0, by.
  [[nodiscard]] double residual_error() const { return residual_error_; }
  /// Bounds |phi(x)^T phi(y) - the same computed, in sums of `terms` rounded terms with other factors of size
  /// 1|.
  [[nodiscard]] double product_error(Index terms) const;

 private:
  Index d_, rank_;
  std::vector<double> pivots_, inverse_;
  bool is_proved_ = false;
  double excess_ = 0, residual_error_ = 0, feature_error_ = 0, feature_norm_ = 0;
};

}  // namespace promptbound

#include <cmath>

#include <promptbound/verify/memorization/linear_program.hpp>

namespace promptbound {
namespace {

/// The dual program as a tableau, its last row the reduced costs and its last column the right-hand side:
///   min sum_r constants_r q_r + reach sum_k (n+_k + n-_k) + tau  over non-negative numbers,
///   sum_r q_r = 1,  sum_r q_r slopes_rk + n+_k - n-_k = 0,  +-sum_r q_r shares_rc - tau + slack = 0.
class Tableau {
 public:
  explicit Tableau(const AffineFunctions& functions)
      : functions_(functions),
        count_(functions.constants.size()),
        free_(functions.slopes.cols()),
        shared_(functions.shares.cols()),
        rows_(1 + free_ + 2 * shared_),
        columns_(count_ + 2 * free_ + (shared_ > 0 ? 1 + 2 * shared_ : 0)),
        cells_(Cells::Zero(rows_ + 1, columns_ + 1)),
        basis_(static_cast<std::size_t>(rows_), -1) {
    cells_.row(0).head(count_).setOnes();
    cells_(0, columns_) = 1;
    cells_.row(rows_).head(count_) = functions.constants;
    for (Index k = 0; k < free_; ++k) {
      cells_.row(1 + k).head(count_) = functions.slopes.col(k);
      cells_(1 + k, above(k)) = 1;
      cells_(1 + k, above(k) + 1) = -1;
      cells_(rows_, above(k)) = cells_(rows_, above(k) + 1) = functions.reach;
    }
    for (Index c = 0; c < 2 * shared_; ++c) {
      const Index row = 1 + free_ + c;
      cells_.row(row).head(count_) = (c % 2 == 0 ? 1 : -1) * functions.shares.col(c / 2);
      cells_(row, tau()) = -1;
      cells_(row, tau() + 1 + c) = 1;
      basis_[static_cast<std::size_t>(row)] = tau() + 1 + c;
    }
    if (shared_ > 0) cells_(rows_, tau()) = 1;
    start();
  }

  std::optional<LargestLeast> solve() {
    constexpr double negligible = 1e-11;
    constexpr int most_steps = 400, patient_steps = 150;
    for (int step = 0; step < most_steps; ++step) {
      Index entering = -1;
      double least = -negligible;
      for (Index j = 0; j < columns_; ++j) {
        if (cells_(rows_, j) >= least) continue;
        entering = j;
        if (step >= patient_steps) break;  // the first one: no circle then
        least = cells_(rows_, j);
      }
      if (entering < 0) return result();
      Index leaving = -1;
      double best = 0;
      for (Index i = 0; i < rows_; ++i) {
        if (cells_(i, entering) <= 1e-9) continue;
        const double ratio = cells_(i, columns_) / cells_(i, entering);
        if (leaving < 0 || ratio < best) {
          leaving = i;
          best = ratio;
        }
      }
      if (leaving < 0) return std::nullopt;
      pivot(leaving, entering);
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] Index above(Index k) const { return count_ + 2 * k; }
  [[nodiscard]] Index tau() const { return count_ + 2 * free_; }

  /// A first basis: all weight on one function, and what makes up for it.
  void start() {
    pivot(0, 0);
    for (Index k = 0; k < free_; ++k) pivot(1 + k, cells_(1 + k, columns_) >= 0 ? above(k) : above(k) + 1);
    if (shared_ == 0) return;
    Index worst = 1 + free_;
    for (Index row = worst; row < rows_; ++row)
      if (cells_(row, columns_) < cells_(worst, columns_)) worst = row;
    pivot(worst, tau());
  }

  void pivot(Index row, Index column) {
    cells_.row(row) /= cells_(row, column);
    for (Index i = 0; i <= rows_; ++i)
      if (i != row && cells_(i, column) != 0) cells_.row(i) -= cells_(i, column) * cells_.row(row);
    basis_[static_cast<std::size_t>(row)] = column;
  }

  /// The multipliers stand in the reduced costs of columns that are unit vectors.
  std::optional<LargestLeast> result() const {
    LargestLeast found;
    found.value = -cells_(rows_, columns_);
    found.v.resize(free_);
    for (Index k = 0; k < free_; ++k) found.v(k) = functions_.reach - cells_(rows_, above(k));
    found.w.resize(shared_);
    for (Index c = 0; c < shared_; ++c)
      found.w(c) = cells_(rows_, tau() + 1 + 2 * c) - cells_(rows_, tau() + 2 + 2 * c);
    for (Index i = 0; i < rows_; ++i) {
      const Index column = basis_[static_cast<std::size_t>(i)];
      if (column < count_ && cells_(i, columns_) > 0) found.active.push_back(column);
    }
    if (!std::isfinite(found.value) || !found.v.allFinite() || !found.w.allFinite()) return std::nullopt;
    return found;
  }

  const AffineFunctions& functions_;
  Index count_, free_, shared_, rows_, columns_;
  using Cells = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Cells cells_;
  std::vector<Index> basis_;  ///< the column that each row is solved for
};

}  // namespace

std::optional<LargestLeast> largest_least(const AffineFunctions& functions) {
  if (!functions.constants.allFinite() || !functions.shares.allFinite() || !functions.slopes.allFinite())
    return std::nullopt;
  return Tableau(functions).solve();
}

}  // namespace promptbound

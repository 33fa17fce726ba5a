#include <promptbound/attention/cholesky/pivots.hpp>

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <promptbound/attention/cholesky/cholesky.hpp>
#include <promptbound/attention/cholesky/cholesky_kernel.hpp>
#include <promptbound/attention/exp_coefficients.hpp>
#include <promptbound/numeric/fast_interval.hpp>

// Notation: u = 2^-53, gamma_n = n u/(1 - n u), R^2 >= |x|^2, K the exact matrix e^<z_a, z_b> of the r
// pivots, kappa(x) the exact vector e^<z_a, x>, |.| of matrices the spectral norm, |.|_F Frobenius's.
//
// Exponentials. Pivots times log2(e) are within 2 u, a chain of d multiply-adds, fused or not, within
// gamma_{d+1} of the sum of its sizes, at most R^2; so computed exponentials are within the factor 1 +- eps,
// eps = 1.1 ((d + 4) u R^2 + the error of the power), which covers products that underflow as well.
//
// Domination. L is the computed factor of K + tau I. The exact E = L L^T - K - tau I is at most
// |computed difference|_F + gamma_{r+3} |L|_F^2 + (eps + 2 u) trace K, since | |L| |L|^T |_F <= |L|_F^2 and
// |K|_F <= trace K. Where that is at most tau, K <= L L^T in Loewner's order: tau pays for the rounding of
// the factorization, and no error is multiplied by the condition of K.
//
// Features. X is the computed inverse of L, and taken as it is: phi = X kappa. With |X L - I| <= delta, X K
// X^T <= (X L)(X L)^T <= (1 + delta)^2 I, so by Schur's complement S = k - phi^T phi/(1 + delta)^2 is
// positive semidefinite, and |phi(x)| <= (1 + delta) e^{R^2/2}. delta is |computed X L - I|_F plus
// gamma_{r+2} times the larger of the row and column norms of |X| |L|.
//
// Computed features are within F = (eps + gamma_{r+2} (1 + eps)) e^{R^2} |X's sums of sizes| of phi, so of
// norm at most P = (1 + delta) e^{R^2/2} + F. With p the computed square, |phi|^2 >= p - gamma_{r+2} 1.01 P^2
// - 2 F P, 1/(1 + delta)^2 >= 1 - 2 delta; the computed e^{|x|^2} is within eps.

namespace promptbound {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double u = unit_roundoff<double>;

double gamma(Index n) {
  const double chain = static_cast<double>(n) * u;
  return chain < 0.5 ? chain / (1 - chain) * sum_rounding : std::numeric_limits<double>::infinity();
}

std::vector<double> times_log2_e(const std::vector<double>& rows) {
  std::vector<double> scaled = rows;
  for (double& entry : scaled) entry *= log2_of_e;
  return scaled;
}

/// How many pivots bring the largest residual to `goal`, if it goes on falling as in the last half of the
/// steps.
double promised_rank(const std::vector<double>& largest, double goal) {
  const std::size_t last = largest.size() - 1, half = last / 2;
  const double rate = std::log(largest[half] / largest[last]) / static_cast<double>(last - half);
  return static_cast<double>(last) + std::max(0.0, std::log(largest[last] / goal)) / rate;
}

}  // namespace

std::optional<Points> choose_pivots(const Points& queries, const Points& keys, double target,
                                    PivotLimits limits) {
  CholeskySample sample(keys.rows, queries.rows, keys.d);
  const auto begin = sample.diagonal.begin();
  std::vector<double> largest = {*std::max_element(begin, sample.diagonal.end())};
  Points pivots{keys.d, {}};
  // Below 1e-13, residuals are made of rounding errors.
  while (pivots.count() < limits.most && largest.back() > 1e-13) {
    const Index pivot = std::find(begin, sample.diagonal.end(), largest.back()) - begin;
    pivots.append(sample.point(pivot).data());
    const CholeskyStep step = cholesky_step(sample, pivot, target);
    if (step.above <= sample.queries() / cholesky_tail) return pivots;
    largest.push_back(step.largest);
    if (pivots.count() < limits.sure) continue;
    const double weights = std::accumulate(sample.totals.begin(), sample.totals.end(), 0.0) /
                           static_cast<double>(sample.keys * sample.queries());
    if (!(promised_rank(largest, target * weights) <= static_cast<double>(limits.most))) break;
  }
  return std::nullopt;
}

PivotFactor::PivotFactor(const Points& pivots, double norm_square)
    : d_(pivots.d), rank_(pivots.count()), pivots_(times_log2_e(pivots.rows)) {
  const Index r = rank_;
  const double eps = 1.1 * (static_cast<double>(d_ + 4) * u * norm_square + exp_coefficients::error<double>);
  RowMatrix K(r, r);
  pivot_kernel({d_, r, pivots_.data(), nullptr}, pivots.rows.data(), r, K.data());
  K.triangularView<Eigen::StrictlyUpper>() = K.transpose();
  const double tau = 4 * (gamma(r + 3) + eps) * K.trace();
  K.diagonal().array() += tau;
  const Eigen::LLT<RowMatrix> factorization(K);
  if (factorization.info() != Eigen::Success) return;
  const RowMatrix L = factorization.matrixL();
  RowMatrix product = RowMatrix::Zero(r, r);
  product.selfadjointView<Eigen::Lower>().rankUpdate(L);
  product.triangularView<Eigen::StrictlyUpper>() = product.transpose();
  const double of_factor = (product - K).norm() + gamma(r + 3) * L.squaredNorm() + (eps + 2 * u) * K.trace();
  if (!(of_factor * sum_rounding <= tau)) return;

  RowMatrix X = RowMatrix::Identity(r, r);
  L.triangularView<Eigen::Lower>().solveInPlace(X);
  X.triangularView<Eigen::StrictlyUpper>().setZero();
  product = X.triangularView<Eigen::Lower>() * L;
  const RowMatrix sizes_X = X.cwiseAbs(), sizes_L = L.cwiseAbs();
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(r), sums_X = sizes_X * ones;
  const double row_norm = (sizes_X * (sizes_L * ones)).maxCoeff();
  const double column_norm = (sizes_L.transpose() * (sizes_X.transpose() * ones)).maxCoeff();
  const double delta =
      ((product - RowMatrix::Identity(r, r)).norm() + gamma(r + 2) * std::max(row_norm, column_norm)) *
      sum_rounding;
  const double largest = exp(FastInterval(norm_square)).upper();
  feature_error_ = (eps + gamma(r + 2) * (1 + eps)) * largest * sums_X.norm() * sum_rounding + 1e-290;
  feature_norm_ = ((1 + delta) * std::sqrt(largest) + feature_error_) * sum_rounding;
  excess_ = 1 + delta * sum_rounding + 0x1p-52;
  residual_error_ =
      (1.2 * eps * largest +
       ((1.02 * gamma(r + 2) + 2.1 * delta + 2 * u) * feature_norm_ + 2 * feature_error_) * feature_norm_) *
      sum_rounding;
  inverse_.assign(X.data(), X.data() + r * r);
  is_proved_ = delta < 0x1p-10 && feature_error_ < 0x1p-10 && std::isfinite(residual_error_);
}

PivotFeatures PivotFactor::features() const { return {d_, rank_, pivots_.data(), inverse_.data()}; }

double PivotFactor::product_error(Index terms) const {
  return (1.01 * gamma(terms + rank_) * feature_norm_ + 2 * feature_error_) * feature_norm_ * sum_rounding;
}

}  // namespace promptbound

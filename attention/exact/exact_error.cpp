#include <promptbound/attention/exact/exact_error.hpp>

#include <algorithm>
#include <limits>

#include <promptbound/attention/exact/exact_kernel.hpp>
#include <promptbound/attention/exp_coefficients.hpp>
#include <promptbound/attention/norm_kernel.hpp>
#include <promptbound/numeric/fast_interval.hpp>

// Notation: u the unit roundoff (times 3 where multiply-add rounds twice: the product is at most the sum of
// the two partial sums in size, so the two roundings are at most u (2 |new| + |old|)), w_j the exact weight
// of key j, o the exact output, B = log2(e) scale |q| max|k|, at least every score in powers of two.
//
// Scores. Scaled queries are within 1.01 u relative: 1.01 u B on a score. The d multiply-adds, in two chains,
// and the addition of both add at most u times the sum of the partial sums: each is at most 2.02 B when a
// chain starts at minus the bound b <= 1.01 B, and at most 1.01 B when both start at 0; then the maximum is
// subtracted, u 2.02 B. So the computed weight is w_j e^t (up to a common factor) with |t| <= E =
// ln 2 (1.01 + 2.02 (d + 1) or 1.01 (d + 1) + 3.03) u B + eps, eps the error of the power. With a running
// maximum, what was summed before is multiplied by computed powers: their errors add up to (blocks) eps +
// ln 2 u 2.02 B.
//
// A mean under weights w_j e^{t_j}, |t_j| <= E, is at most range tanh(E/2) away from the mean under w_j
// (theory 4.2's constant at quotient e^{2E}); tanh(x) <= min(x, 1).
//
// Sums. Weights and weighted values go through chains of at most c = block + blocks + 1 roundings: within
// gamma = c u/(1 - c u) of the sum of the sizes, for the numerator and for the normaliser; the quotient of
// both moves by at most 2 gamma/(1 - gamma) value_size. Inverse, product: 2.02 u value_size.
//
// Underflow. Let h be half the smallest subnormal number, and l the least possible normaliser: 2^-80.2
// (2^-800.2) with the bound as offset, where no weight underflows, and 1 with the running maximum, where each
// weight may lose at most the smallest normal number, and at each block the factor of what was summed before
// (at most the number of keys) as much. Scaled queries lose h each, so a score h sqrt(d) |k|; every product
// and sum 2h; all that in units of exp_coefficients::unit.

namespace promptbound {

template <class T>
PriorError prior_error(const AttentionArrays<T>& arrays, const ArraySizes& sizes) {
  const FastInterval u(unit_roundoff<T> * rounding_factor());
  const FastInterval eps(exp_coefficients::error<T>);
  const FastInterval ln2(0x1.62e42fefa39efp-1, 0x1.62e42fefa39f0p-1),
      log2_e(0x1.71547652b82fep+0, 0x1.71547652b82ffp+0);
  const FastInterval half_least(static_cast<double>(std::numeric_limits<T>::denorm_min()));
  const FastInterval least_normal(static_cast<double>(std::numeric_limits<T>::min()));
  const auto count = [](Index i) { return FastInterval(static_cast<double>(i)); };
  const Index block = std::min(keys_per_block(arrays.d, arrays.d_v), arrays.keys());
  const Index blocks = arrays.keys() / block + 2;
  const FastInterval d = count(arrays.d), keys = count(arrays.keys()), passes = count(blocks);
  const FastInterval chain = count(block + blocks + 1) * u;
  const FastInterval gamma = chain / (FastInterval(1) - chain);

  const FastInterval lost_score = half_least * d * (FastInterval(sizes.key_norm) + FastInterval(4)) /
                                  FastInterval(exp_coefficients::unit<T>);
  // E is a multiple of |q| and a constant.
  const FastInterval per_norm = ln2 * u * log2_e * FastInterval(arrays.scale) * FastInterval(sizes.key_norm);
  const FastInterval powers = eps * FastInterval(1.01);
  NormErrors of_norm;
  of_norm.bounded_slope = (per_norm * (FastInterval(3.03) + FastInterval(2.02) * d)).upper();
  of_norm.bounded_constant = (ln2 * lost_score + powers).upper();
  // A panel of queries keeps a running maximum when one of its queries has to; near the threshold either way
  // of computing may have been taken. The larger bound serves both.
  const double offset_of_one = arrays.scale * 1.4427 * sizes.key_norm;
  constexpr auto most = static_cast<double>(largest_offset<T>);
  of_norm.bounded_up_to = 1.01 * most / offset_of_one;
  const bool any_running = offset_of_one * sizes.largest_query >= 0.99 * most;
  if (any_running) {
    of_norm.slope = (per_norm * (FastInterval(1.01) * d + FastInterval(6.06))).upper();
    of_norm.constant = (ln2 * lost_score + powers * (passes + FastInterval(1))).upper();
  }
  PriorError error;
  error.per_range.resize(sizes.query_square.size());
  const bool any_bounded = errors_of_norms(sizes.query_square, of_norm, error.per_range.data());
  const FastInterval sums = FastInterval(2) * gamma / (FastInterval(1) - gamma) + FastInterval(2.02) * u;
  FastInterval absolute = half_least;
  if (any_bounded) {
    const FastInterval least_total(sizeof(T) == 4 ? 0x1p-81 : 0x1p-801);
    absolute += FastInterval(2) * half_least * (keys + passes) / least_total;
  }
  FastInterval lost_weights(0);
  if (any_running) {
    absolute += FastInterval(2) * half_least * (keys + passes);
    lost_weights = FastInterval(2) * least_normal * keys * (passes + FastInterval(1));
  }
  error.per_size =
      chain.upper() < 0.5 ? (sums + lost_weights).upper() : std::numeric_limits<double>::infinity();
  error.absolute = absolute.upper();
  return error;
}

namespace {

/// value_size per_size + absolute, up to two roundings; infinite with per_size, if the values are all 0 too.
double same_for_all(const PriorError& error, double value_size) {
  return std::max(value_size, std::numeric_limits<double>::min()) * error.per_size + error.absolute;
}

}  // namespace

double PriorError::largest(const ArraySizes& sizes) const {
  const std::vector<double> ranges = ranges_of(sizes.least, sizes.largest);
  const double range = *std::max_element(ranges.begin(), ranges.end());
  const double most = *std::max_element(per_range.begin(), per_range.end());
  return (range * most + same_for_all(*this, sizes.value_size)) * (1 + 0x1p-50);
}

std::vector<double> ranges_of(const std::vector<double>& least, const std::vector<double>& largest) {
  std::vector<double> ranges;
  for (std::size_t c = 0; c < least.size(); ++c) ranges.push_back(step_up(largest[c] - least[c]));
  return ranges;
}

void write_error(const PriorError& error, const ArraySizes& sizes, float* out) {
  write_error(error, ranges_of(sizes.least, sizes.largest), sizes.value_size, out);
}

void write_error(const PriorError& error, const std::vector<double>& ranges, double value_size, float* out) {
  write_rows(ranges, error.per_range, same_for_all(error, value_size), out);
}

template PriorError prior_error(const AttentionArrays<float>&, const ArraySizes&);
template PriorError prior_error(const AttentionArrays<double>&, const ArraySizes&);

}  // namespace promptbound

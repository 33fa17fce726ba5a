#include <promptbound/attention/polynomial/polynomial_error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <promptbound/attention/exact/exact_error.hpp>
#include <promptbound/attention/exact/exact_kernel.hpp>
#include <promptbound/attention/polynomial/polynomial_kernel.hpp>

// Notation: u the unit roundoff (times 3 without fused multiply-add), k' the centred keys as computed, q' the
// queries times the unit of their scale, r the rest of the scale, s = r <q', k'>, A(x) = sum_l |c_l| |x|^l, m
// keys, h the even moment's power, Q = r |q'|, K = max |k'|. The weights of monomials of degree l have the
// factor r^l.
//
// Data. k' is within u of the centred keys, and q' exact, so scores are off by at most 1.01 u Q K: outputs by
// at most tanh(0.505 u Q K) <= 0.51 u Q K of the column's range (theory 4.2's constant). An entry of q' that
// underflows is off by t', the smallest subnormal number: scores by r t' sqrt(d) K.
//
// Polynomial. With |p(s) - e^s| <= eta e^s + a + b s^h: where a = b = 0, theory 4.2's constant of the range,
// eta/(1 + sqrt(1 - eta^2)). In general, with w_j = e^s and p_j = p(s), o - o_p = sum (w_j - p_j)(v_j -
// o_p)/W is at most D (eta W + a m + b H)/W in size, with D the largest |v_j - o_p|, W = sum w_j and H = sum
// s^h. With L = sum p_j and x = (a m + b H)/L < 1, W is at least L (1 - x)/(1 + eta) and at most L (1 + x)/(1
// - eta), so the first quotient is at most (eta + x)/(1 - x) (polynomial_attention_moment in proofs/algebra);
// the same sum with o in place of o_p and over L is at most (eta + x)/(1 - eta) of the range. D is known from
// what was computed for o_p, and is near half the range where outputs are near its middle.
//
// Rounding. A monomial of degree l takes l - 1 products, of keys and of queries; sums over keys are chains of
// moment_chain additions in T and of one per group in binary64; r^l is rounded l times in binary64, and the
// weight once more in T; sums over monomials are chains of MomentLayout::chain additions. Numerator and
// normaliser are thus off by at most gamma sum_j A(Q |k'_j|) times value_size and 1, gamma = C u/(1 - C u)
// with C the number of roundings, because sum_a multinomial(a) |q'^a| |k'^a| <= (|q'| |k'|)^l for |a| = l.
// With M the mean of |k'_j|^2, sum_j |k'_j| <= m sqrt(M), and sum_j |k'_j|^l <= m M K^{l - 2} for l >= 2, so
// the sum is at most m (|c_0| + |c_1| Q sqrt(M) + (M/K^2) sum_{l >= 2} |c_l| (QK)^l). Likewise H by gamma m
// (M/K^2) (QK)^h.
//
// Normaliser. L is the computed one up to a factor within 1 +- z, z = of_sums/L; with the bounds of W above
// it is the computed normaliser times a factor whose logarithm is at most -ln((1 - z)(1 - eta)(1 - x)) in
// size, by 1 + x <= 1/(1 - x); and -ln y <= (1 - y)/y. The data move it by twice what they move half the
// difference of two scores.
//
// Underflow. A monomial that underflows is off by at most g t max(1, x)^g, t the smallest normal number, g
// the highest degree, x = K or |q'|; times the sum over the other side's monomials, B(sqrt(d) Q) or B(sqrt(d)
// r K), B(x) = A(x) + x^h. A multiply-add that underflows is off by t, whatever the size of the values: at
// most 2 max(1, K)^g B(sqrt(d) Q) for a key in all, and for the weight and two multiply-adds a monomial
// max(1, |q'|)^g; twice that makes up for later roundings.
//
// Overflow. Everything computed from keys is at most m max(1, value_size) max(1, K)^g up to rounding, sums of
// weights m max(1, value_size) B(sqrt(d) r K), and what is computed from queries max(1, |q'|)^g times that:
// nothing is certified unless four times the sum is below the largest number.

namespace promptbound {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

FastInterval power(const FastInterval& x, Index exponent) {
  FastInterval result(1);
  for (Index i = 0; i < exponent; ++i) result *= x;
  return result;
}

/// At least the norm of d numbers whose sum of squares was computed in T: up to d + 1 roundings, three times
/// as large without fused multiply-add, and as many underflows.
template <class T>
double norm_above(T square, Index d) {
  const double roundings = static_cast<double>(2 * d + 8) * unit_roundoff<T> * rounding_factor();
  return step_up(std::sqrt(static_cast<double>(square) * (1 + roundings) +
                           static_cast<double>(2 * d) * static_cast<double>(std::numeric_limits<T>::min())));
}

/// At least the sum of the squares of this many norms, of which each lane's part was summed in T.
template <class T>
double squares_above(double squares, Index d, Index keys) {
  const double roundings = static_cast<double>(2 * d + 2 * keys + 16) * unit_roundoff<T> * rounding_factor();
  return roundings < 0.5 ? step_up(squares * (1 + 2 * roundings) +
                                   static_cast<double>(2 * d) * static_cast<double>(keys) *
                                       static_cast<double>(std::numeric_limits<T>::min()))
                         : infinity;
}

/// eta/(1 + sqrt(1 - eta^2)), at most 1.
FastInterval range_constant(double eta) {
  if (!(eta < 1)) return FastInterval(1);
  const Interval x(eta);
  return FastInterval(x / (Interval(1) + sqrt(Interval(1) - square(x))));
}

}  // namespace

template <class T>
double polynomial_rounding(Index top, Index chain, Index keys, Index parts) {
  const Index groups = keys / keys_per_group + parts;
  const double in_binary64 = static_cast<double>(groups + parts + top + 8) * 0x1p-53 / unit_roundoff<T>;
  const double count = static_cast<double>(2 * top + moment_chain<T>() + chain + 4) + in_binary64;
  const FastInterval all = FastInterval(count) * FastInterval(unit_roundoff<T> * rounding_factor());
  return all.upper() < 0.5 ? (all / (FastInterval(1) - all)).upper() : infinity;
}

MomentSizes::MomentSizes(Index d_v)
    : least(static_cast<std::size_t>(d_v), infinity), largest(static_cast<std::size_t>(d_v), -infinity) {}

template <class T>
void MomentSizes::add(const KeySums<T>& sums, Index d, Index count) {
  keys += count;
  parts += 1;
  key_norm = std::max(key_norm, norm_above(sums.square, d));
  key_squares = step_up(key_squares + squares_above<T>(sums.squares, d, count));
  for (std::size_t c = 0; c < least.size(); ++c) {
    least[c] = std::min(least[c], static_cast<double>(sums.least[c]));
    largest[c] = std::max(largest[c], static_cast<double>(sums.largest[c]));
    value_size = std::max({value_size, -least[c], largest[c]});
  }
}

template <class T>
PolynomialError<T>::PolynomialError(const ScorePolynomial& polynomial, const MomentLayout& layout,
                                    const MomentSizes& sizes, double rest)
    : polynomial_(polynomial),
      sizes_(sizes),
      d_(layout.d),
      rest_(rest),
      gamma_(polynomial_rounding<T>(polynomial.top(), layout.chain(), sizes.keys, sizes.parts)),
      m_(static_cast<double>(sizes.keys)),
      K_(sizes.key_norm),
      spread_(0),
      monomials_(static_cast<double>(layout.full() + static_cast<Index>(layout.singles.size()))),
      constant_(range_constant(polynomial.relative)),
      root_d_(step_up(std::sqrt(static_cast<double>(layout.d)))),
      K_power_(power(max(FastInterval(1), K_), polynomial.top())),
      size_of_keys_(size_of_all(root_d_ * rest_ * K_)),
      most_sum_(FastInterval(4) * m_ * max(FastInterval(1), FastInterval(sizes.value_size))),
      lost_score_(FastInterval(static_cast<double>(std::numeric_limits<T>::denorm_min())) *
                  FastInterval(static_cast<double>(layout.d)) * max(FastInterval(1), rest_) * K_),
      ranges_(ranges_of(sizes.least, sizes.largest)) {
  const FastInterval mean_square = FastInterval(sizes.key_squares) / m_;
  root_mean_ = FastInterval(step_up(std::sqrt(mean_square.upper())));
  // All keys are the centre where K is 0.
  if (sizes.key_norm > 0)
    spread_ = FastInterval(std::min(1.0, (mean_square / (K_ * K_).lower_point()).upper()));
}

/// B of the comment above.
template <class T>
FastInterval PolynomialError<T>::size_of_all(const FastInterval& x) const {
  return FastInterval(polynomial_.size(x.upper())) + power(x, polynomial_.moment);
}

template <class T>
FastInterval PolynomialError<T>::coefficient(Index l) const {
  return FastInterval(
      l <= polynomial_.degree() ? std::abs(polynomial_.coefficients[static_cast<std::size_t>(l)]) : 0.0);
}

template <class T>
PolynomialBound PolynomialError<T>::bound(const QuerySizes<T>& queries) const {
  const Index top = polynomial_.top();
  const FastInterval u(unit_roundoff<T>), one(1);
  const FastInterval eta(polynomial_.relative), a(polynomial_.absolute), b(polynomial_.per_moment);
  const FastInterval t(static_cast<double>(std::numeric_limits<T>::min()));
  const FastInterval tiny = t * FastInterval(static_cast<double>(top));
  const double query_norm = norm_above(queries.square, d_), total = static_cast<double>(queries.normaliser);
  const double moment = static_cast<double>(queries.moment) * (1 + 4 * unit_roundoff<T>);
  double per_range = infinity, per_size = per_range, tilt = per_range;
  const FastInterval q(query_norm), Q = q * rest_, S = Q * K_;
  if (S.upper() <= polynomial_.S && eta.upper() < 1) {
    const FastInterval q_power = power(max(one, q), top), size_of_queries = size_of_all(root_d_ * Q);
    const FastInterval lost_values =
        t * FastInterval(2) *
        (FastInterval(2) * m_ * K_power_ * size_of_queries + FastInterval(3) * monomials_ * q_power);
    const FastInterval lost =
        m_ * FastInterval(2) * tiny * (size_of_keys_ * q_power + K_power_ * size_of_queries) + lost_values;
    const bool may_overflow = !((most_sum_ * (K_power_ + (one + size_of_keys_) * q_power)).upper() <
                                static_cast<double>(std::numeric_limits<T>::max()));
    const FastInterval size = coefficient(0) + coefficient(1) * Q * min(root_mean_, K_) +
                              spread_ * FastInterval(polynomial_.size(S.upper(), 2));
    const FastInterval of_sums = gamma_ * m_ * size + lost;
    const FastInterval L = FastInterval(total) - FastInterval(of_sums.upper());
    if (L.lower() > 0 && !may_overflow) {
      FastInterval truncation = constant_, x(0);
      if (polynomial_.moment > 0) {
        // H/L with the computed H and normaliser, then what rounding adds to both.
        const FastInterval off = gamma_ * m_ * spread_ * power(S, polynomial_.moment) + lost;
        const FastInterval H = FastInterval(moment) * (one + FastInterval(2) * of_sums / L) + off / L;
        x = (a * m_ / L + b * H).upper_point();
        truncation = x.upper() < 1 ? (eta + x) / ((one - x) * (one - eta)) : FastInterval(infinity);
      }
      // The range is at most twice a distance.
      const FastInterval of_data = FastInterval(0.51) * u * S + lost_score_;
      per_range = (truncation + (polynomial_.moment > 0 ? FastInterval(2) * of_data : of_data)).upper();
      // The polynomial may give negative weights: |o_p| is at most (1 + 2 truncation) value_size.
      FastInterval sums = FastInterval(2) * (one + truncation) * of_sums / L;
      // Values that are all 0 have products and sums that are exact.
      if (sizes_.value_size > 0) sums += FastInterval(2) * lost_values / L / FastInterval(sizes_.value_size);
      per_size = (sums + FastInterval(2.02) * u).upper();
      const FastInterval kept = (one - of_sums / L) * (one - eta) * (one - x);
      if (kept.lower() > 0) {
        tilt = ((one - kept.lower_point()) / kept.lower_point() + FastInterval(1.02) * u * S +
                FastInterval(2) * lost_score_)
                   .upper();
      }
    }
  }
  return {per_range, per_size, tilt};
}

template <class T>
std::vector<double> PolynomialError<T>::distances(const QuerySizes<T>& queries, double per_size) const {
  // Outputs are off by what rounding adds.
  const double off = per_size * sizes_.value_size + static_cast<double>(std::numeric_limits<T>::denorm_min());
  std::vector<double> result;
  for (std::size_t c = 0; c < ranges_.size(); ++c) {
    const double distance = std::max(sizes_.largest[c] - static_cast<double>(queries.least[c]),
                                     static_cast<double>(queries.largest[c]) - sizes_.least[c]);
    result.push_back((distance + off) * (1 + 0x1p-50));
  }
  return result;
}

template <class T>
void PolynomialError<T>::write(const PolynomialBound& bound, const QuerySizes<T>& queries, Index count,
                               float* out) const {
  const auto d_v = static_cast<Index>(ranges_.size());
  float* const end = out + count * d_v;
  if (!std::isfinite(bound.per_range) || !std::isfinite(bound.per_size)) {
    std::fill(out, end, std::numeric_limits<float>::infinity());
    return;
  }
  write_error({{bound.per_range}, bound.per_size, static_cast<double>(std::numeric_limits<T>::denorm_min())},
              polynomial_.moment > 0 ? distances(queries, bound.per_size) : ranges_, sizes_.value_size, out);
  for (Index done = d_v; out + done < end; done *= 2)
    std::copy(out, std::min(out + done, end - done), out + done);
}

template double polynomial_rounding<float>(Index, Index, Index, Index);
template double polynomial_rounding<double>(Index, Index, Index, Index);
template void MomentSizes::add(const KeySums<float>&, Index, Index);
template void MomentSizes::add(const KeySums<double>&, Index, Index);
template class PolynomialError<float>;
template class PolynomialError<double>;

}  // namespace promptbound

#include <promptbound/attention/polynomial.hpp>

#include <cmath>
#include <limits>

#include <promptbound/attention/exact_error.hpp>
#include <promptbound/attention/exact_kernel.hpp>
#include <promptbound/attention/parts.hpp>
#include <promptbound/numeric/fast_interval.hpp>

// Notation: u the unit roundoff (times 3 without fused multiply-add), k' the centred keys and q' the scaled
// queries as computed, s = <q', k'>, A(x) = sum_l |c_l| |x|^l, m keys, h the even moment's power, Q = |q'|, K
// = max |k'|.
//
// Data. k' and q' are within u and 1.01 u of the centred keys and scaled queries, so scores are off by at
// most 2.02 u Q K: outputs by at most tanh(1.01 u Q K) <= 1.02 u Q K of the column's range (theory 4.2's
// constant).
//
// Polynomial. With |p(s) - e^s| <= eta e^s + b s^h: where b = 0, theory 4.2's constant eta/(1 + sqrt(1 -
// eta^2)) of the range. In general o - o_p = sum (p_j - w_j)(o - v_j)/sum p_j is at most the range times (b H
// + eta W)/L, with H = sum s^h, L = sum p_j and W = sum w_j <= (L + b H)/(1 - eta).
//
// Rounding. A monomial of degree l takes l - 1 products; sums over keys are chains of moment_chain additions
// in T and of one per group in binary64; the weight is rounded once more; sums over monomials are chains of a
// block and of the blocks. Numerator and normaliser are thus off by at most gamma m A(QK) times value_size
// and 1, gamma = C u/(1 - C u) with C the number of roundings, because sum_a multinomial(a) |q'^a| |k'^a| <=
// (QK)^l for |a| = l. Likewise H by gamma m (QK)^h, with d more roundings: its weights are first summed over
// the up to d children of a monomial.
//
// Normaliser. L is the computed one up to a factor within 1 +- r, r = of_sums/L; L <= (1 + eta) W + b H and L
// >= (1 - eta) W - b H. So W is the computed normaliser times a factor whose logarithm is at most -ln((1 -
// r)(1 - eta)(1 - b H/L)) in size, by 1 + x <= 1/(1 - x); and -ln x <= (1 - x)/x. The data move it by twice
// what they move half the difference of two scores.
//
// Underflow. A monomial that underflows is off by at most g t max(1, x)^g, t the smallest normal number, g
// the highest degree, x = K or Q; times the sum over the other side's monomials, A(sqrt(d) Q) or A(sqrt(d)
// K).

namespace promptbound {
namespace {

FastInterval power(const FastInterval& x, Index exponent) {
  FastInterval result(1);
  for (Index i = 0; i < exponent; ++i) result *= x;
  return result;
}

/// sum x^2 without the roundings and underflows that norm_above allows for.
template <class T>
double square_of(const T* entries, Index d) {
  double sum = 0;
  for (Index c = 0; c < d; ++c) sum += static_cast<double>(entries[c]) * static_cast<double>(entries[c]);
  return sum;
}
/// At least the norm of d numbers with this computed sum of squares.
double norm_above(double square, Index d) {
  return step_up(
      std::sqrt(square * (1 + static_cast<double>(d + 8) * 0x1p-52) + static_cast<double>(d) * 0x1p-1022));
}

/// eta/(1 + sqrt(1 - eta^2)), at most 1.
FastInterval range_constant(double eta) {
  if (!(eta < 1)) return FastInterval(1);
  const Interval x(eta);
  return FastInterval(x / (Interval(1) + sqrt(Interval(1) - square(x))));
}

}  // namespace

template <class T>
double polynomial_rounding(Index top, Index rank, Index keys, Index parts) {
  const Index groups = keys / keys_per_group + parts;
  const Index blocks = rank / monomials_per_block + 2;
  const double in_binary64 = static_cast<double>(groups + parts + 8) * 0x1p-53 / unit_roundoff<T>;
  const double count =
      static_cast<double>(2 * top + moment_chain<T>() + monomials_per_block + blocks + 4) + in_binary64;
  const FastInterval chain = FastInterval(count) * FastInterval(unit_roundoff<T> * rounding_factor());
  return chain.upper() < 0.5 ? (chain / (FastInterval(1) - chain)).upper()
                             : std::numeric_limits<double>::infinity();
}

template <class T>
KeyMoments<T>::KeyMoments(ScorePolynomial polynomial, std::vector<T> centre, Index d_v)
    : polynomial_(std::move(polynomial)),
      monomials_(static_cast<Index>(centre.size()), polynomial_.top()),
      centre_(std::move(centre)),
      d_v_(d_v),
      moments_(shape().size(), 0.0) {
  sizes_.least.assign(static_cast<std::size_t>(d_v), std::numeric_limits<double>::infinity());
  sizes_.largest.assign(static_cast<std::size_t>(d_v), -std::numeric_limits<double>::infinity());
}

template <class T>
void KeyMoments<T>::add(const T* keys, const T* values, Index count, int threads) {
  const auto d = static_cast<Index>(centre_.size());
  if (count == 0) return;
  std::vector<T> centred(centre_.size()), low(values, values + d_v_), high = low;
  double largest = 0;
  for (Index j = 0; j < count; ++j) {
    for (std::size_t c = 0; c < centre_.size(); ++c)
      centred[c] = keys[j * d + static_cast<Index>(c)] - centre_[c];
    largest = std::max(largest, square_of(centred.data(), d));
    const T* value = values + j * d_v_;
    for (std::size_t c = 0; c < low.size(); ++c) {
      low[c] = std::min(low[c], value[c]);
      high[c] = std::max(high[c], value[c]);
    }
  }
  for (std::size_t c = 0; c < low.size(); ++c) {
    sizes_.least[c] = std::min(sizes_.least[c], static_cast<double>(low[c]));
    sizes_.largest[c] = std::max(sizes_.largest[c], static_cast<double>(high[c]));
    sizes_.value_size = std::max({sizes_.value_size, -sizes_.least[c], sizes_.largest[c]});
  }
  sizes_.key_norm = std::max(sizes_.key_norm, norm_above(largest, d));
  const Index groups = (count + keys_per_group - 1) / keys_per_group;
  const Index parts = std::max<Index>(1, std::min(key_parts, groups));
  std::vector<std::vector<double>> partial(static_cast<std::size_t>(parts),
                                           std::vector<double>(moments_.size(), 0.0));
  for_each_part(parts, threads, [&](Index part) {
    const Index first = groups * part / parts * keys_per_group;
    const Index last = std::min(count, groups * (part + 1) / parts * keys_per_group);
    add_moments(shape(), keys + first * d, values + first * d_v_, last - first, centre_.data(),
                partial[static_cast<std::size_t>(part)].data());
  });
  for (const std::vector<double>& sums : partial) {
    for (std::size_t i = 0; i < sums.size(); ++i) moments_[i] += sums[i];
  }
  count_ += count;
  parts_ += parts;
}

template <class T>
void KeyMoments<T>::attend(const T* queries, Index count, double scale, T* output, float* error, int threads,
                           Normalisers<T>* normalisers) const {
  const auto d = static_cast<Index>(centre_.size());
  const MomentShape moment_shape = shape();
  // Weights: moments times coefficient and multinomial; the even moment's coefficient is 1.
  std::vector<T> weights(moments_.size());
  for (Index l = 0, a = 0; l <= polynomial_.degree(); ++l) {
    for (; a < monomials_.end[static_cast<std::size_t>(l)]; ++a) {
      const double factor = polynomial_.coefficients[static_cast<std::size_t>(l)] *
                            monomials_.multinomial[static_cast<std::size_t>(a)];
      for (Index c = 0; c <= d_v_; ++c) {
        const auto i = static_cast<std::size_t>(a * (d_v_ + 1) + c);
        weights[i] = static_cast<T>(moments_[i] * factor);
      }
    }
  }
  for (Index a = moment_shape.moment_from(); a < moment_shape.moment_to(); ++a) {
    const auto i =
        static_cast<std::size_t>(moment_shape.full() * (d_v_ + 1) + a - moment_shape.moment_from());
    weights[i] = static_cast<T>(moments_[i] * monomials_.multinomial[static_cast<std::size_t>(a)]);
  }

  const Index top = polynomial_.top();
  const FastInterval gamma(polynomial_rounding<T>(top, rank() + moment_rank(), count_, parts_));
  const FastInterval gamma_of_moment(polynomial_rounding<T>(top + d, rank() + moment_rank(), count_, parts_));
  const FastInterval u(unit_roundoff<T>), m(static_cast<double>(count_)), K(sizes_.key_norm);
  const FastInterval eta(polynomial_.relative), b(polynomial_.per_moment), one(1);
  const FastInterval tiny = FastInterval(static_cast<double>(std::numeric_limits<T>::min())) *
                            FastInterval(static_cast<double>(top));
  const FastInterval subnormal(static_cast<double>(std::numeric_limits<T>::denorm_min()));
  const FastInterval root_d(step_up(std::sqrt(static_cast<double>(d))));
  const FastInterval lost_queries = tiny * FastInterval(polynomial_.size((root_d * K).upper()));
  const FastInterval lost_score = subnormal * FastInterval(static_cast<double>(d)) * K;
  const FastInterval lost_keys = tiny * power(max(one, K), top);
  const FastInterval constant(range_constant(polynomial_.relative));
  PriorError bound;
  bound.per_range.resize(static_cast<std::size_t>(count));
  bound.per_size.resize(static_cast<std::size_t>(count));
  bound.absolute = subnormal.upper();
  if (normalisers != nullptr) {
    normalisers->value.resize(static_cast<std::size_t>(count));
    normalisers->tilt.resize(static_cast<std::size_t>(count));
  }

  // One bound for all queries of a part: its longest query, its least normaliser, its largest moment over
  // normaliser.
  const auto certify = [&](Index first, Index last, double query_norm, double total, double moment) {
    double per_range = std::numeric_limits<double>::infinity(), per_size = per_range, tilt = per_range;
    const FastInterval Q(query_norm), S = Q * K;
    if (S.upper() <= polynomial_.S && eta.upper() < 1) {
      const FastInterval lost = m * FastInterval(2) *
                                (lost_queries * power(max(one, Q), top) +
                                 lost_keys * FastInterval(polynomial_.size((root_d * Q).upper())));
      const FastInterval of_sums = gamma * m * FastInterval(polynomial_.size(S.upper())) + lost;
      const FastInterval L = FastInterval(total) - FastInterval(of_sums.upper());
      if (L.lower() > 0) {
        FastInterval truncation = constant, from_moment(0);
        if (polynomial_.moment > 0) {
          // H/L with the computed H and normaliser, then what rounding adds to both.
          const FastInterval off = gamma_of_moment * m * power(S, polynomial_.moment) + lost;
          const FastInterval H = FastInterval(moment) * (one + FastInterval(2) * of_sums / L) + off / L;
          const FastInterval W = (one + FastInterval(2) * of_sums / L + b * H) / (one - eta);
          truncation = b * H + eta * W;
          from_moment = b * H;
        }
        // A Taylor polynomial may give negative weights: |o_p| is at most (1 + 2 truncation) value_size.
        per_range = (truncation + FastInterval(1.02) * u * S + lost_score).upper();
        per_size = (FastInterval(2) * (one + truncation) * of_sums / L + FastInterval(2.02) * u).upper();
        const FastInterval kept = (one - of_sums / L) * (one - eta) * (one - from_moment.upper_point());
        if (kept.lower() > 0) {
          tilt = ((one - kept.lower_point()) / kept.lower_point() + FastInterval(2.04) * u * S +
                  FastInterval(2) * lost_score)
                     .upper();
        }
      }
    }
    std::fill(bound.per_range.begin() + first, bound.per_range.begin() + last, per_range);
    std::fill(bound.per_size.begin() + first, bound.per_size.begin() + last, per_size);
    if (normalisers != nullptr)
      std::fill(normalisers->tilt.begin() + first, normalisers->tilt.begin() + last, tilt);
  };

  constexpr Index rows = 512;
  for_each_part((count + rows - 1) / rows, threads, [&](Index part) {
    const Index first = part * rows, present = std::min(rows, count - first), width = d_v_ + 2;
    std::vector<T> scaled(static_cast<std::size_t>(present * d)),
        sums(static_cast<std::size_t>(present * width));
    for (Index i = 0; i < present * d; ++i)
      scaled[static_cast<std::size_t>(i)] =
          static_cast<T>(static_cast<double>(queries[first * d + i]) * scale);
    read_moments(moment_shape, weights.data(), scaled.data(), present, sums.data());
    double square = 0, moment = 0;
    T least = std::numeric_limits<T>::infinity();
    bool is_finite = true;
    for (Index i = 0; i < present; ++i) {
      const T* row = sums.data() + i * width;
      const T inverse = T(1) / row[d_v_];
      for (Index c = 0; c < d_v_; ++c) output[(first + i) * d_v_ + c] = row[c] * inverse;
      if (normalisers != nullptr) normalisers->value[static_cast<std::size_t>(first + i)] = row[d_v_];
      square = std::max(square, square_of(scaled.data() + i * d, d));
      is_finite = is_finite && row[d_v_] <= std::numeric_limits<T>::max();
      least = std::min(least, row[d_v_]);
      // The quotient is rounded twice: the factor below makes it an upper bound.
      moment = std::max(moment, static_cast<double>(row[d_v_ + 1] * inverse));
    }
    const double total = is_finite ? static_cast<double>(least) : std::numeric_limits<double>::quiet_NaN();
    certify(first, first + present, norm_above(square, d), total, moment * (1 + 4 * unit_roundoff<T>));
  });
  write_error(bound, sizes_, error);
}

template double polynomial_rounding<float>(Index, Index, Index, Index);
template double polynomial_rounding<double>(Index, Index, Index, Index);
template class KeyMoments<float>;
template class KeyMoments<double>;

}  // namespace promptbound

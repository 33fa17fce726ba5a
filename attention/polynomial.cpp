#include <promptbound/attention/polynomial.hpp>

#include <cmath>
#include <limits>
#include <optional>

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
// Polynomial. With |p(s) - e^s| <= eta e^s + a + b s^h: where a = b = 0, theory 4.2's constant eta/(1 +
// sqrt(1
// - eta^2)) of the range. In general o - o_p = sum (w_j - p_j)(v_j - o_p)/W is at most D (eta W + a m + b
// H)/W, with D the largest |v_j - o_p|, H = sum s^h, L = sum p_j and W = sum w_j. With x = (a m + b H)/L, W
// is at least L (1 - x)/(1 + eta) and at most L (1 + x)/(1 - eta), so the quotient is at most (eta + x)(1 +
// eta)/((1
// - x)(1 - eta)), of which the range times it is a bound too. D is known from what was computed for o_p, and
// near half the range where outputs are near the middle: a sum of all |v_j - o| could say no more.
//
// Rounding. A monomial of degree l and its head's product with a value take l - 1 products; sums over keys
// are chains of moment_chain additions in T and of one per group in binary64; the weight is rounded once
// more; sums over monomials are chains of MomentLayout::chain multiply-adds, the last of them with the head's
// l - 2 products at most. Numerator and normaliser are thus off by at most gamma sum_j A(Q |k'_j|) times
// value_size and 1, gamma = C u/(1 - C u) with C the number of roundings, because sum_a multinomial(a) |q'^a|
// |k'^a| <= (|q'| |k'|)^l for |a| = l. With M the mean of |k'_j|^2, sum_j |k'_j| <= m sqrt(M), and sum_j
// |k'_j|^l <= m M K^{l - 2} for l >= 2, so the sum is at most m (|c_0| + |c_1| Q sqrt(M) + (M/K^2) sum_{l >=
// 2} |c_l| (QK)^l). Likewise H by gamma m (M/K^2) (QK)^h.
//
// Normaliser. L is the computed one up to a factor within 1 +- r, r = of_sums/L; with the bounds of W above
// it is the computed normaliser times a factor whose logarithm is at most -ln((1 - r)(1 - eta)(1 - x)) in
// size, by 1 + x <= 1/(1 - x); and -ln y <= (1 - y)/y. The data move it by twice what they move half the
// difference of two scores.
//
// Underflow. A monomial that underflows is off by at most g t max(1, x)^g, t the smallest normal number, g
// the highest degree, x = K or Q; times the sum over the other side's monomials, D(sqrt(d) Q) or D(sqrt(d)
// K), D(x) = A(x) + x^h. A product with a value that underflows, and a multiply-add, are off by t, whatever
// the size of the values: for two a key max(1, K)^g D(sqrt(d) Q) in all, and for the weight and two
// multiply-adds a monomial max(1, Q)^g; twice that makes up for later roundings.
//
// Overflow. Everything computed from keys is at most m max(1, value_size) max(1, K)^g up to rounding, sums of
// weights m max(1, value_size) D(sqrt(d) K), and what is computed from queries max(1, Q)^g times that:
// nothing is certified unless four times the sum is below the largest number.

namespace promptbound {
namespace {

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
                         : std::numeric_limits<double>::infinity();
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
  const double in_binary64 = static_cast<double>(groups + parts + 8) * 0x1p-53 / unit_roundoff<T>;
  const double count = static_cast<double>(2 * top + moment_chain<T>() + chain + 4) + in_binary64;
  const FastInterval all = FastInterval(count) * FastInterval(unit_roundoff<T> * rounding_factor());
  return all.upper() < 0.5 ? (all / (FastInterval(1) - all)).upper()
                           : std::numeric_limits<double>::infinity();
}

template <class T>
KeyMoments<T>::KeyMoments(ScorePolynomial polynomial, std::vector<T> centre, Index d_v)
    : polynomial_(std::move(polynomial)),
      layout_(static_cast<Index>(centre.size()), d_v, polynomial_.degree(), polynomial_.moment),
      centre_(std::move(centre)),
      moments_(layout_.size(), 0.0) {
  sizes_.least.assign(static_cast<std::size_t>(d_v), std::numeric_limits<double>::infinity());
  sizes_.largest.assign(static_cast<std::size_t>(d_v), -std::numeric_limits<double>::infinity());
}

template <class T>
void KeyMoments<T>::add(const T* keys, const T* values, Index count, int threads) {
  if (count == 0) return;
  const Index groups = (count + keys_per_group - 1) / keys_per_group;
  const Index parts = std::min(key_parts, groups);
  const auto first_of = [&](Index part) { return std::min(count, groups * part / parts * keys_per_group); };
  const auto keys_of = [&](Index part) { return first_of(part + 1) - first_of(part); };
  const auto sums_of = [&](Index part) {
    const Index first = first_of(part);
    KeySums<T> sums(layout_);
    add_moments(layout_, keys + first * layout_.d, values + first * layout_.d_v, keys_of(part),
                centre_.data(), sums);
    return sums;
  };
  if (threads == 1) {
    for (Index part = 0; part < parts; ++part) add(sums_of(part), keys_of(part));
  } else {
    std::vector<std::optional<KeySums<T>>> partial(static_cast<std::size_t>(parts));
    for_each_part(parts, threads,
                  [&](Index part) { partial[static_cast<std::size_t>(part)] = sums_of(part); });
    for (Index part = 0; part < parts; ++part) add(*partial[static_cast<std::size_t>(part)], keys_of(part));
  }
  count_ += count;
  parts_ += parts;
}

template <class T>
void KeyMoments<T>::add(const KeySums<T>& sums, Index keys) {
  key_squares_ = step_up(key_squares_ + squares_above<T>(sums.squares, layout_.d, keys));
  for (std::size_t i = 0; i < moments_.size(); ++i) moments_[i] += sums.moments[i];
  sizes_.key_norm = std::max(sizes_.key_norm, norm_above(sums.square, layout_.d));
  for (std::size_t c = 0; c < sums.least.size(); ++c) {
    sizes_.least[c] = std::min(sizes_.least[c], static_cast<double>(sums.least[c]));
    sizes_.largest[c] = std::max(sizes_.largest[c], static_cast<double>(sums.largest[c]));
    sizes_.value_size = std::max({sizes_.value_size, -sizes_.least[c], sizes_.largest[c]});
  }
}

template <class T>
std::vector<T> KeyMoments<T>::weights() const {
  // Moments times coefficient and multinomial; the even moment's coefficient is 1.
  const Monomials& monomials = layout_.monomials;
  std::vector<double> factors = monomials.multinomial;
  for (Index l = 0, a = 0; l <= polynomial_.degree(); ++l) {
    for (; a < monomials.end[static_cast<std::size_t>(l)]; ++a)
      factors[static_cast<std::size_t>(a)] *= polynomial_.coefficients[static_cast<std::size_t>(l)];
  }
  const Index columns = layout_.columns();
  std::vector<T> weights;
  weights.reserve(moments_.size());
  for (const std::int32_t a : layout_.rows) {
    const double factor = factors[static_cast<std::size_t>(a)];
    for (Index c = 0; c < columns; ++c) weights.push_back(static_cast<T>(moments_[weights.size()] * factor));
  }
  for (const std::int32_t a : layout_.singles) {
    // An even moment of a degree that has moments: the sums of 1.
    const auto monomial = static_cast<std::size_t>(a);
    const std::size_t at = polynomial_.moment > polynomial_.degree()
                               ? weights.size()
                               : static_cast<std::size_t>(layout_.row_of[monomial] * columns + layout_.d_v);
    weights.push_back(static_cast<T>(moments_[at] * monomials.multinomial[monomial]));
  }
  return weights;
}

template <class T>
void KeyMoments<T>::attend(const T* queries, Index count, double scale, T* output, float* error, int threads,
                           Normalisers<T>* normalisers) const {
  const Index d = layout_.d, d_v = layout_.d_v, top = polynomial_.top();
  const std::vector<T> weights = this->weights();
  const FastInterval gamma(polynomial_rounding<T>(top, layout_.chain(), count_, parts_));
  const FastInterval u(unit_roundoff<T>), m(static_cast<double>(count_)), K(sizes_.key_norm);
  const FastInterval eta(polynomial_.relative), a(polynomial_.absolute), b(polynomial_.per_moment), one(1);
  const FastInterval t(static_cast<double>(std::numeric_limits<T>::min()));
  const FastInterval tiny = t * FastInterval(static_cast<double>(top));
  const FastInterval subnormal(static_cast<double>(std::numeric_limits<T>::denorm_min()));
  const FastInterval mean_square = FastInterval(key_squares_) / m;
  const FastInterval root_mean(step_up(std::sqrt(mean_square.upper())));
  // All keys are the centre where K is 0.
  const FastInterval spread(sizes_.key_norm > 0 ? std::min(1.0, (mean_square / (K * K).lower_point()).upper())
                                                : 0.0);
  const FastInterval root_d(step_up(std::sqrt(static_cast<double>(d))));
  const auto size_of_all = [&](const FastInterval& x) {
    return FastInterval(polynomial_.size(x.upper())) + power(x, polynomial_.moment);
  };
  const auto coefficient = [&](Index l) {
    return FastInterval(
        l <= polynomial_.degree() ? std::abs(polynomial_.coefficients[static_cast<std::size_t>(l)]) : 0.0);
  };
  const FastInterval K_power = power(max(one, K), top), size_of_keys = size_of_all(root_d * K);
  const FastInterval most_sum = FastInterval(4) * m * max(one, FastInterval(sizes_.value_size));
  const FastInterval monomials(static_cast<double>(rank() + moment_rank()));
  const FastInterval lost_score = subnormal * FastInterval(static_cast<double>(d)) * K;
  const FastInterval constant(range_constant(polynomial_.relative));
  if (normalisers != nullptr) {
    normalisers->value.resize(static_cast<std::size_t>(count));
    normalisers->tilt.resize(static_cast<std::size_t>(count));
  }

  std::vector<double> ranges;
  for (std::size_t c = 0; c < sizes_.least.size(); ++c)
    ranges.push_back(step_up(sizes_.largest[c] - sizes_.least[c]));

  // One bound for all queries of a part: its longest query, its least normaliser, its largest moment over
  // normaliser, its outputs that are farthest from a value.
  const auto distances = [&](const QuerySizes<T>& sizes, double per_size) {
    // Outputs are off by what rounding adds.
    const double off = per_size * sizes_.value_size + subnormal.upper();
    std::vector<double> result;
    for (std::size_t c = 0; c < ranges.size(); ++c) {
      const double distance = std::max(sizes_.largest[c] - static_cast<double>(sizes.least[c]),
                                       static_cast<double>(sizes.largest[c]) - sizes_.least[c]);
      result.push_back((distance + off) * (1 + 0x1p-50));
    }
    return result;
  };
  const auto certify = [&](Index first, Index last, const QuerySizes<T>& sizes) {
    const double query_norm = norm_above(sizes.square, d), total = static_cast<double>(sizes.normaliser);
    const double moment = static_cast<double>(sizes.moment) * (1 + 4 * unit_roundoff<T>);
    double per_range = std::numeric_limits<double>::infinity(), per_size = per_range, tilt = per_range;
    const FastInterval Q(query_norm), S = Q * K;
    if (S.upper() <= polynomial_.S && eta.upper() < 1) {
      const FastInterval Q_power = power(max(one, Q), top), size_of_queries = size_of_all(root_d * Q);
      const FastInterval lost_values =
          t * FastInterval(2) *
          (FastInterval(2) * m * K_power * size_of_queries + FastInterval(3) * monomials * Q_power);
      const FastInterval lost =
          m * FastInterval(2) * tiny * (size_of_keys * Q_power + K_power * size_of_queries) + lost_values;
      const bool may_overflow = !((most_sum * (K_power + (one + size_of_keys) * Q_power)).upper() <
                                  static_cast<double>(std::numeric_limits<T>::max()));
      const FastInterval size = coefficient(0) + coefficient(1) * Q * min(root_mean, K) +
                                spread * FastInterval(polynomial_.size(S.upper(), 2));
      const FastInterval of_sums = gamma * m * size + lost;
      const FastInterval L = FastInterval(total) - FastInterval(of_sums.upper());
      if (L.lower() > 0 && !may_overflow) {
        FastInterval truncation = constant, x(0);
        if (polynomial_.moment > 0) {
          // H/L with the computed H and normaliser, then what rounding adds to both.
          const FastInterval off = gamma * m * spread * power(S, polynomial_.moment) + lost;
          const FastInterval H = FastInterval(moment) * (one + FastInterval(2) * of_sums / L) + off / L;
          x = (a * m / L + b * H).upper_point();
          truncation = x.upper() < 1 ? (eta + x) * (one + eta) / ((one - x) * (one - eta))
                                     : FastInterval(std::numeric_limits<double>::infinity());
        }
        // The range is at most twice a distance.
        const FastInterval of_data = FastInterval(1.02) * u * S + lost_score;
        per_range = (truncation + (polynomial_.moment > 0 ? FastInterval(2) * of_data : of_data)).upper();
        // The polynomial may give negative weights: |o_p| is at most (1 + 2 truncation) value_size.
        FastInterval sums = FastInterval(2) * (one + truncation) * of_sums / L;
        // Values that are all 0 have products and sums that are exact.
        if (sizes_.value_size > 0)
          sums += FastInterval(2) * lost_values / L / FastInterval(sizes_.value_size);
        per_size = (sums + FastInterval(2.02) * u).upper();
        const FastInterval kept = (one - of_sums / L) * (one - eta) * (one - x);
        if (kept.lower() > 0) {
          tilt = ((one - kept.lower_point()) / kept.lower_point() + FastInterval(2.04) * u * S +
                  FastInterval(2) * lost_score)
                     .upper();
        }
      }
    }
    float *row = error + first * d_v, *end = error + last * d_v;
    if (std::isfinite(per_range) && std::isfinite(per_size)) {
      write_error({{per_range}, per_size, subnormal.upper()},
                  polynomial_.moment > 0 ? distances(sizes, per_size) : ranges, sizes_.value_size, row);
      for (Index done = d_v; row + done < end; done *= 2)
        std::copy(row, std::min(row + done, end - done), row + done);
    } else {
      std::fill(row, end, std::numeric_limits<float>::infinity());
    }
    if (normalisers != nullptr)
      std::fill(normalisers->tilt.begin() + first, normalisers->tilt.begin() + last, tilt);
  };

  const Index parts = (count + queries_per_part - 1) / queries_per_part;
  std::vector<QuerySizes<T>> sizes(static_cast<std::size_t>(parts));
  for_parts(parts, threads, [&](Index from, Index to) {
    read_moments(layout_, weights.data(), queries, count, scale, output,
                 normalisers == nullptr ? nullptr : normalisers->value.data(), sizes, from, to);
    for (Index part = from; part < to; ++part) {
      certify(part * queries_per_part, std::min(count, (part + 1) * queries_per_part),
              sizes[static_cast<std::size_t>(part)]);
    }
  });
}

template double polynomial_rounding<float>(Index, Index, Index, Index);
template double polynomial_rounding<double>(Index, Index, Index, Index);
template class KeyMoments<float>;
template class KeyMoments<double>;

}  // namespace promptbound

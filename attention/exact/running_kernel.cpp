#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/exact/running_kernel.cpp"

#include <promptbound/numeric/matrices/instruction_sets.hpp>

#include <hwy/foreach_target.h>

#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <cmath>

#include <promptbound/attention/exact/exact_kernel.hpp>
#include <promptbound/attention/exact/running_kernel.hpp>
#include <promptbound/attention/exact/score_factor.hpp>
#include <promptbound/attention/exp2-inl.hpp>
#include <promptbound/attention/exp_coefficients.hpp>

// Notation: u the unit roundoff (times 3 without fused multiply-add, see exact_error.cpp), q the scaled
// query, w_j the computed weight of key j, o' = sum w_j v_j / sum w_j exactly, o the exact output, out the
// computed one.
//
// Three passes over the keys, all with the same scores. The first finds the largest score of each query; the
// second the output. The third compares. A score minus the largest is off by at most u A_j + 1.02 u |q|
// |k_j|, A_j the sum of the sizes of its partial sums and its own, and underflow; so w_j is the exact weight
// times e^t (up to a common factor), |t| <= t_j = ln 2 (u A_j + 1.02 u |q| |k_j|) + eps. Let t* = max_j t_j.
// Then
//   o' - o = sum (w_j - w_j e^{-t}) (v_j - o') / sum w_j e^{-t}, and |1 - e^{-t}| <= t_j e^{t*}, so
//   |o' - o| <= e^{2 t*} (sum w_j t_j |v_j - out| + |o' - out| sum w_j t_j) / sum w_j,
// and at most tanh(t*/2) of the column's range.
//
// An addition s + x is off by at most u |s + x| and by at most |x|. So the sums N of w_j v_j and L of w_j are
// off by at most u R and u R_L, R and R_L the sums of min(|partial sum|, |addend|/u): |N/L - o'| <= u (R +
// |o'| R_L)/L with the computed L. The division is off by |out L - N|/L, which is computed. Weights below the
// smallest normal number are lost by at most that number each; L >= 1, because the largest score gives 2^0.
//
// The sums of sizes are computed in T too: each is a sum of at most keys + d + 64 numbers >= 0, so the true
// value is at most computed / (1 - 2 (keys + d + 64) u).

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

constexpr int keys_at_once = 4;

template <class T>
class RunningRows {
 public:
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr Index lanes = static_cast<Index>(hn::MaxLanes(D()));

  RunningRows(const AttentionArrays<T>& arrays, Index head, const ArraySizes& sizes)
      : arrays_(arrays), head_(head), sizes_(sizes), factor_(arrays.scale) {
    const Index block = keys_per_block(arrays.d, arrays.d_v);
    memory_ = hwy::AllocateAligned<T>(
        static_cast<std::size_t>(lanes * (arrays.d + 4 * arrays.d_v + 6 + 2 * block) + arrays.keys()));
    T* next = memory_.get();
    const auto take = [&](Index rows) {
      T* start = next;
      next += rows * lanes;
      return start;
    };
    q_ = take(arrays.d);
    sums_ = take(arrays.d_v);
    sizes_of_sums_ = take(arrays.d_v);
    tilted_ = take(arrays.d_v);
    total_ = take(1);
    sizes_of_total_ = take(1);
    tilt_ = take(1);
    largest_tilt_ = take(1);
    outputs_ = take(arrays.d_v);
    query_norm_ = take(1);
    limit_ = take(1);
    weights_ = take(block);
    tilts_ = take(block);
    key_norms_ = next;
    for (Index j = 0; j < arrays.keys(); ++j) {
      const T* key = arrays.key(head, j);
      double square = 0, sum = 0;
      for (Index c = 0; c < arrays.d; ++c) {
        const double size = std::abs(static_cast<double>(key[c]));
        square += size * size;
        sum += size;
      }
      // Where squares may underflow, the sum of the entries stands for the norm.
      key_norms_[j] = static_cast<T>(square > 0x1p-900 ? std::sqrt(square) : sum);
    }
  }

  void run(Index first, Index last, T* out, float* error) {
    for (Index row = first; row < last; row += lanes)
      panel(row, std::min(row + lanes, last), out + (row - first) * arrays_.d_v,
            error + (row - first) * arrays_.d_v);
  }

 private:
  /// The scores of consecutive keys, and, if `sized`, the sums of the sizes of their partial sums.
  template <bool sized, int keys>
  HWY_INLINE void score(const T* k, V (&s)[keys], V (&size)[keys]) const {
    const D d;
#pragma GCC unroll 4
    for (int j = 0; j < keys; ++j) {
      s[j] = size[j] = hn::Zero(d);
    }
    for (Index c = 0; c < arrays_.d; ++c) {
      const V entry = hn::Load(d, q_ + c * lanes);
#pragma GCC unroll 4
      for (int j = 0; j < keys; ++j) {
        s[j] = hn::MulAdd(entry, hn::Set(d, k[j * arrays_.d + c]), s[j]);
        if constexpr (sized) size[j] = hn::Add(size[j], hn::Abs(s[j]));
      }
    }
  }

  /// Calls body(tag, first key of the tile) over keys first .. last-1, which lie in one array.
  template <class Body>
  HWY_INLINE static void tiles(Index first, Index last, Body body) {
    Index j = first;
    for (; j + keys_at_once <= last; j += keys_at_once) body(std::integral_constant<int, keys_at_once>(), j);
    for (; j < last; ++j) body(std::integral_constant<int, 1>(), j);
  }

  /// Calls body(first, last) for stretches of at most a block of keys that lie in one array.
  template <class Body>
  HWY_INLINE void blocks(Index visible, Body body) const {
    const Index block = keys_per_block(arrays_.d, arrays_.d_v);
    for (Index j = 0; j < visible;) {
      const Index end = std::min(j + block, j < arrays_.prompt ? arrays_.prompt : visible);
      body(j, end);
      j = end;
    }
  }

  void pack(Index row, Index last) {
    for (Index i = 0; i < lanes; ++i) {
      const Index query_row = std::min(row + i, last - 1);
      for (Index c = 0; c < arrays_.d; ++c)
        q_[c * lanes + i] = factor_.times(arrays_.query(head_, query_row)[c]);
      const double norm = std::sqrt(sizes_.query_square[static_cast<std::size_t>(query_row)]) *
                          (factor_.high * (1 + 0x1p-20));
      query_norm_[i] = static_cast<T>(norm);
      limit_[i] = static_cast<T>(arrays_.visible(query_row));
    }
    std::fill(sums_, query_norm_, T(0));
  }

  HWY_INLINE V seen(V w, Index j) const {
    const D d;
    return hn::IfThenElseZero(hn::Lt(hn::Set(d, static_cast<T>(j)), hn::Load(d, limit_)), w);
  }

  V largest_score(Index visible) const {
    const D d;
    const V never = hn::Set(d, std::numeric_limits<T>::lowest() / 4);
    V top = never;
    blocks(visible, [&](Index first, Index last) HWY_ATTR {
      tiles(first, last, [&](auto tag, Index j) HWY_ATTR {
        constexpr int keys = decltype(tag)::value;
        V s[keys], size[keys];
        score<false>(arrays_.key(head_, j), s, size);
#pragma GCC unroll 4
        for (int i = 0; i < keys; ++i) {
          const auto sees = hn::Lt(hn::Set(d, static_cast<T>(j + i)), hn::Load(d, limit_));
          top = hn::Max(top, hn::IfThenElse(sees, s[i], never));
        }
      });
    });
    return top;
  }

  /// The weights of a block and, if `sized`, their tilts t_j.
  template <bool sized>
  void block_weights(Index first, Index last, V top) {
    const D d;
    const V unit = hn::Set(d, static_cast<T>(unit_roundoff<T> * roundings * 0.6932));
    const V query_unit =
        hn::Mul(hn::Set(d, static_cast<T>(unit_roundoff<T> * 1.03 * 0.6932)), hn::Load(d, query_norm_));
    const V eps = hn::Set(d, static_cast<T>(exp_coefficients::error<T> * 1.01));
    // Products of the smallest subnormal number with keys and queries, d of them.
    const V lost = hn::Set(d, static_cast<T>(static_cast<double>(arrays_.d) * (sizes_.key_norm + 8) *
                                             static_cast<double>(std::numeric_limits<T>::denorm_min())));
    tiles(first, last, [&](auto tag, Index j) HWY_ATTR {
      constexpr int keys = decltype(tag)::value;
      V s[keys], size[keys];
      score<sized>(arrays_.key(head_, j), s, size);
#pragma GCC unroll 4
      for (int i = 0; i < keys; ++i) {
        // Only a score that the query does not see can exceed the largest one.
        const V x = hn::Min(hn::Sub(s[i], top), hn::Zero(d));
        hn::Store(seen(power_of_two(d, x), j + i), d, weights_ + (j + i - first) * lanes);
        if constexpr (sized) {
          V tilt = hn::MulAdd(unit, hn::Sub(size[i], x),
                              hn::MulAdd(query_unit, hn::Set(d, key_norms_[j + i]), eps));
          hn::Store(seen(hn::Add(tilt, lost), j + i), d, tilts_ + (j + i - first) * lanes);
        }
      }
    });
  }

  HWY_INLINE static void add_to(T* sum, V x) {
    const D d;
    hn::Store(hn::Add(hn::Load(d, sum), x), d, sum);
  }

  /// What bounds the rounding error of an addition, over u.
  HWY_INLINE static V rounded_size(V sum, V addend) {
    const D d;
    return hn::Min(hn::Abs(sum),
                   hn::Mul(hn::Abs(addend), hn::Set(d, static_cast<T>(1.01 / unit_roundoff<T>))));
  }

  /// Adds a block's sum and size to the totals, the addition to the total included.
  HWY_INLINE static void add_block(V sum, V size, T* total, T* total_size) {
    const D d;
    const V after = hn::Add(hn::Load(d, total), sum);
    hn::Store(after, d, total);
    add_to(total_size, hn::Add(size, rounded_size(after, sum)));
  }

  /// Adds the block's weights to their sum.
  void add_weights(Index count) {
    const D d;
    V sum = hn::Zero(d), size = hn::Zero(d);
    for (Index j = 0; j < count; ++j) {
      const V w = hn::Load(d, weights_ + j * lanes);
      sum = hn::Add(sum, w);
      size = hn::Add(size, rounded_size(sum, w));
    }
    add_block(sum, size, total_, sizes_of_total_);
  }

  /// Adds weight * value, column by column.
  void add_values(Index first, Index count) {
    const D d;
    for (Index c = 0; c < arrays_.d_v; ++c) {
      V sum = hn::Zero(d), size = hn::Zero(d);
      const T* v = arrays_.value(head_, first) + c;
      for (Index j = 0; j < count; ++j) {
        const V value = hn::Set(d, v[j * arrays_.d_v]), w = hn::Load(d, weights_ + j * lanes);
        sum = hn::MulAdd(w, value, sum);
        size = hn::Add(size, rounded_size(sum, hn::Mul(w, value)));
      }
      add_block(sum, size, sums_ + c * lanes, sizes_of_sums_ + c * lanes);
    }
  }

  /// Adds up weight * tilt and weight * tilt * |value - output|.
  void add_tilts(Index first, Index count) {
    const D d;
    V sum = hn::Zero(d), largest = hn::Load(d, largest_tilt_);
    for (Index j = 0; j < count; ++j) {
      const V t = hn::Load(d, tilts_ + j * lanes);
      largest = hn::Max(largest, t);
      const V tilted = hn::Mul(hn::Load(d, weights_ + j * lanes), t);
      sum = hn::Add(sum, tilted);
      hn::Store(tilted, d, tilts_ + j * lanes);
    }
    add_to(tilt_, sum);
    hn::Store(largest, d, largest_tilt_);
    for (Index c = 0; c < arrays_.d_v; ++c) {
      V tilted = hn::Zero(d);
      const V output = hn::Load(d, outputs_ + c * lanes);
      const T* v = arrays_.value(head_, first) + c;
      for (Index j = 0; j < count; ++j) {
        const V distance = hn::Abs(hn::Sub(hn::Set(d, v[j * arrays_.d_v]), output));
        tilted = hn::MulAdd(hn::Load(d, tilts_ + j * lanes), distance, tilted);
      }
      add_to(tilted_ + c * lanes, tilted);
    }
  }

  void panel(Index row, Index last, T* out, float* error) {
    pack(row, last);
    const Index visible = arrays_.visible(last - 1);
    const V top = largest_score(visible);
    blocks(visible, [&](Index begin, Index end) HWY_ATTR {
      block_weights<false>(begin, end, top);
      add_weights(end - begin);
      add_values(begin, end - begin);
    });
    const D d;
    const V inverse = hn::Div(hn::Set(d, T(1)), hn::Load(d, total_));
    for (Index c = 0; c < arrays_.d_v; ++c)
      hn::Store(hn::Mul(hn::Load(d, sums_ + c * lanes), inverse), d, outputs_ + c * lanes);
    blocks(visible, [&](Index begin, Index end) HWY_ATTR {
      block_weights<true>(begin, end, top);
      add_tilts(begin, end - begin);
    });
    for (Index i = 0; i < last - row; ++i) {
      for (Index c = 0; c < arrays_.d_v; ++c) {
        out[i * arrays_.d_v + c] = outputs_[c * lanes + i];
        error[i * arrays_.d_v + c] = bound(i, c);
      }
    }
  }

  /// The bound of the comment above for lane i and column c. The last factor covers the roundings of this
  /// function.
  [[nodiscard]] float bound(Index i, Index c) const {
    const auto column = static_cast<std::size_t>(c);
    const auto in_double = [](T x) { return static_cast<double>(x); };
    const double u = unit_roundoff<T> * roundings;
    const auto keys = static_cast<double>(arrays_.keys());
    const double inflation = 1 / (1 - 2 * (keys + static_cast<double>(arrays_.d) + 64) * u);
    if (!(inflation > 0 && inflation < 4)) return std::numeric_limits<float>::infinity();

    const double output = in_double(outputs_[c * lanes + i]), total = in_double(total_[i]);
    const double least_normal = in_double(std::numeric_limits<T>::min());
    const double subnormal = in_double(std::numeric_limits<T>::denorm_min());
    const double range = sizes_.largest[column] - sizes_.least[column];
    const double largest_tilt = in_double(largest_tilt_[i]) * inflation;

    // For binary64 the fma is the exact remainder but for one rounding, for binary32 the exact one.
    const double division = std::abs(std::fma(output, total, -in_double(sums_[c * lanes + i]))) / total;
    const double lost = (2 * keys * least_normal * 2 * sizes_.value_size + 4 * keys * subnormal) / total;
    // |o'| is at most |output| and its own error, and at most the size of the values.
    const auto of_sums_at = [&](double size) {
      return u * inflation *
                 (in_double(sizes_of_sums_[c * lanes + i]) + size * in_double(sizes_of_total_[i])) / total +
             division + lost;
    };
    const double size = std::min(std::abs(output) + of_sums_at(sizes_.value_size), sizes_.value_size);
    const double of_sums = of_sums_at(size);
    double of_weights = range * std::min(1.0, largest_tilt / 2);
    if (largest_tilt < 1) {
      // The distances |v - output| were rounded: the inflation covers it.
      const double tilted = in_double(tilted_[c * lanes + i]) + of_sums * in_double(tilt_[i]);
      of_weights = std::min(of_weights, std::exp(2 * largest_tilt) * inflation * tilted / total);
    }
    return static_cast<float>((of_weights + of_sums) * (1 + 0x1p-20) + 0x1p-148);
  }

  const AttentionArrays<T>& arrays_;
  Index head_;
  const ArraySizes& sizes_;
  ScoreFactor factor_;
  static constexpr double roundings = HWY_NATIVE_FMA ? 1 : 3;
  hwy::AlignedFreeUniquePtr<T[]> memory_;
  // Rows of `lanes` numbers, one for each query of the panel.
  T *q_, *sums_, *sizes_of_sums_, *tilted_, *outputs_, *total_, *sizes_of_total_, *tilt_, *largest_tilt_,
      *query_norm_, *limit_, *weights_, *tilts_;
  T* key_norms_;
};

void running_single(const AttentionArrays<float>& arrays, Index head, Index first, Index last,
                    const ArraySizes& sizes, float* out, float* error) {
  RunningRows<float>(arrays, head, sizes).run(first, last, out, error);
}
void running_double(const AttentionArrays<double>& arrays, Index head, Index first, Index last,
                    const ArraySizes& sizes, double* out, float* error) {
  RunningRows<double>(arrays, head, sizes).run(first, last, out, error);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace promptbound {

HWY_EXPORT(running_single);
HWY_EXPORT(running_double);

template <>
void running_rows(const AttentionArrays<float>& arrays, Index head, Index first, Index last,
                  const ArraySizes& sizes, float* out, float* error) {
  HWY_DYNAMIC_DISPATCH(running_single)(arrays, head, first, last, sizes, out, error);
}
template <>
void running_rows(const AttentionArrays<double>& arrays, Index head, Index first, Index last,
                  const ArraySizes& sizes, double* out, float* error) {
  HWY_DYNAMIC_DISPATCH(running_double)(arrays, head, first, last, sizes, out, error);
}

}  // namespace promptbound
#endif

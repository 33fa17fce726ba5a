#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/exact/exact_kernel.cpp"

#include <promptbound/numeric/matrices/instruction_sets.hpp>

#include <hwy/foreach_target.h>

#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <cmath>

#include <promptbound/attention/exact/exact_kernel.hpp>
#include <promptbound/attention/exact/score_factor.hpp>
#include <promptbound/attention/exact/weights-inl.hpp>
#include <promptbound/attention/exp_coefficients.hpp>
#include <promptbound/attention/scaled_exp2-inl.hpp>

// Sums of weights (weights-inl.hpp) and of weights times values, block of keys by block of keys. Values too
// are read as they lie, one entry broadcast at a time.

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3
constexpr int tile_columns = 8;  // 16 sums of 32 registers
#else
constexpr int tile_columns = 4;  // 8 sums of 16 registers
#endif

/// sums <- scale * sums + what a block adds, for the two vectors of a panel.
template <bool scaled, class D, class V, class T>
HWY_INLINE void add_to(D d, T* HWY_RESTRICT sums, V added0, V added1, V scale0, V scale1) {
  constexpr Index lanes = Panel<T>::lanes;
  const V before0 = hn::Load(d, sums), before1 = hn::Load(d, sums + lanes);
  hn::Store(scaled ? hn::MulAdd(before0, scale0, added0) : hn::Add(before0, added0), d, sums);
  hn::Store(scaled ? hn::MulAdd(before1, scale1, added1) : hn::Add(before1, added1), d, sums + lanes);
}

/// sums <- scale * sums + weights^T V for `columns` consecutive columns of V; the same for the total of the
/// weights where there is one. Additions have units of their own beside those of multiply-adds, idle here
/// and not where weights are made.
template <int columns, bool scaled, bool with_total, class T>
HWY_INLINE void add_columns(const T* HWY_RESTRICT weights, const T* HWY_RESTRICT v, Index count, Index stride,
                            T* HWY_RESTRICT sums, T* HWY_RESTRICT total, hn::Vec<hn::ScalableTag<T>> scale0,
                            hn::Vec<hn::ScalableTag<T>> scale1) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr Index lanes = Panel<T>::lanes;
  V s[columns][2];
#pragma GCC unroll 8
  for (int c = 0; c < columns; ++c) s[c][0] = s[c][1] = hn::Zero(d);
  V total0 = hn::Zero(d), total1 = total0;
#pragma GCC unroll 2
  for (Index j = 0; j < count; ++j) {
    const V w0 = hn::Load(d, weights + j * 2 * lanes), w1 = hn::Load(d, weights + j * 2 * lanes + lanes);
    if constexpr (with_total) {
      total0 = hn::Add(total0, w0);
      total1 = hn::Add(total1, w1);
    }
#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c) {
      const V entry = hn::Set(d, v[j * stride + c]);
      s[c][0] = hn::MulAdd(w0, entry, s[c][0]);
      s[c][1] = hn::MulAdd(w1, entry, s[c][1]);
    }
  }
#pragma GCC unroll 8
  for (int c = 0; c < columns; ++c) add_to<scaled>(d, sums + 2 * lanes * c, s[c][0], s[c][1], scale0, scale1);
  if constexpr (with_total) add_to<scaled>(d, total, total0, total1, scale0, scale1);
}

/// The same for all of d_v columns: the last tile of `columns` or fewer has the total.
template <int columns, bool scaled, class T>
HWY_INLINE void add_values(const T* weights, const T* v, Index count, Index d_v, Index left, T* sums,
                           T* total, hn::Vec<hn::ScalableTag<T>> scale0, hn::Vec<hn::ScalableTag<T>> scale1) {
  constexpr Index rows = Panel<T>::rows;
  for (; left > columns; left -= columns, v += columns, sums += columns * rows)
    add_columns<columns, scaled, false>(weights, v, count, d_v, sums, total, scale0, scale1);
  if (left == columns) {
    add_columns<columns, scaled, true>(weights, v, count, d_v, sums, total, scale0, scale1);
  } else if constexpr (columns > 1) {
    add_values<columns - 1, scaled>(weights, v, count, d_v, left, sums, total, scale0, scale1);
  }
}

template <template <class, int> class AnyPowers, bool masked, class T>
HWY_INLINE void add_block(const Panel<T>& panel, const T* k, const T* v, Index first, Index count,
                          Index width, Index d_v, T* weights) {
  const hn::ScalableTag<T> d;
  auto scale0 = hn::Zero(d), scale1 = scale0;
  if (panel.is_bounded) {
    const auto make = [&](auto head) HWY_ATTR {
      bounded_weights<AnyPowers, decltype(head)::value, masked>(panel, k, first, count, width, weights);
    };
    if (width >= 16) {
      make(std::integral_constant<int, 16>());
    } else if (width >= 8) {
      make(std::integral_constant<int, 8>());
    } else if (width >= 4) {
      make(std::integral_constant<int, 4>());
    } else {
      make(std::integral_constant<int, 1>());
    }
    add_values<tile_columns, false>(weights, v, count, d_v, d_v, panel.sums, panel.total, scale0, scale1);
  } else {
    running_weights<AnyPowers, masked>(panel, k, first, count, width, weights, scale0, scale1);
    add_values<tile_columns, true>(weights, v, count, d_v, d_v, panel.sums, panel.total, scale0, scale1);
  }
}

/// Fetches part number `part` of `parts` of the entries.
template <class T>
HWY_INLINE void prefetch(const T* entries, Index count, Index part, Index parts) {
  constexpr Index line = 64 / static_cast<Index>(sizeof(T));
  for (Index i = count * part / parts; i < count * (part + 1) / parts; i += line)
    __builtin_prefetch(entries + i, 0, 2);
}

template <template <class, int> class AnyPowers, class T>
struct Rows {
  const AttentionArrays<T>& arrays;
  Index head, first, last;
  T key_norm;
  static constexpr T unit = AnyPowers<hn::ScalableTag<T>, 1>::unit;

  /// Packs the queries of a panel, log2(e) scale folded in, and chooses its offset.
  void start(Panel<T>& panel, Index row, T* q, T* limit) const {
    constexpr Index rows = Panel<T>::rows;
    const ScoreFactor factor(arrays.scale * unit);
    for (Index i = 0; i < rows; ++i) {
      // Lanes beyond the last query repeat it.
      const Index query_row = std::min(row + i, last - 1);
      const T* query = arrays.query(head, query_row);
      for (Index c = 0; c < arrays.d; ++c) q[c * rows + i] = factor.times(query[c]);
      limit[i] = static_cast<T>(arrays.visible(query_row));
      panel.total[i] = 0;
    }
    panel.q = q;
    panel.limit = limit;
    const hn::ScalableTag<T> d;
    for (Index i = 0; i < rows; i += Panel<T>::lanes) {
      auto square = hn::Zero(d);
      for (Index c = 0; c < arrays.d; ++c) {
        const auto entry = hn::Load(d, q + c * rows + i);
        square = hn::MulAdd(entry, entry, square);
      }
      hn::Store(hn::Mul(hn::Sqrt(square), hn::Set(d, key_norm)), d, panel.offset + i);
    }
    // Not so where a bound is NaN: a square that overflowed times no key at all.
    panel.is_bounded = std::all_of(panel.offset, panel.offset + rows,
                                   [](T offset) { return offset <= largest_offset<T> * unit; });
    if (!panel.is_bounded) std::fill(panel.offset, panel.offset + rows, std::numeric_limits<T>::lowest() / 4);
    std::fill(panel.sums, panel.sums + arrays.d_v * rows, T(0));
  }

  void run(T* out) const {
    constexpr Index rows = Panel<T>::rows;
    const Index d = arrays.d, d_v = arrays.d_v, block = keys_per_block(d, d_v);
    const Index panels = (last - first + rows - 1) / rows;
    // One allocation: weights of a block, then for each panel its queries, sums, totals, offsets and limits.
    const Index panel_size = (d + d_v + 3) * rows;
    const auto memory = hwy::AllocateAligned<T>(static_cast<std::size_t>(block * rows + panels * panel_size));
    T* weights = memory.get();
    std::vector<Panel<T>> group(static_cast<std::size_t>(panels));
    for (Index p = 0; p < panels; ++p) {
      T* base = weights + block * rows + p * panel_size;
      Panel<T>& panel = group[static_cast<std::size_t>(p)];
      panel.sums = base + d * rows;
      panel.total = panel.sums + d_v * rows;
      panel.offset = panel.total + rows;
      start(panel, first + p * rows, base, panel.offset + rows);
    }
    const Index visible = arrays.visible(last - 1);
    const bool are_far = keys_are_far(arrays);
    for (Index j = 0; j < visible;) {
      const Index end = j < arrays.prompt ? arrays.prompt : visible;
      const Index count = std::min(block, end - j);
      for (Index p = 0; p < panels; ++p) {
        // A part of the next block on its way to the second-level cache, where these keys and values are.
        if (are_far && j + count < end) {
          prefetch(arrays.key(head, j + count), std::min(block, end - j - count) * d, p, panels);
          prefetch(arrays.value(head, j + count), std::min(block, end - j - count) * d_v, p, panels);
        }
        const Index least = arrays.visible(first + p * rows);
        const Index most = arrays.visible(std::min(first + (p + 1) * rows, last) - 1);
        const Panel<T>& panel = group[static_cast<std::size_t>(p)];
        if (j + count <= least) {
          add_block<AnyPowers, false>(panel, arrays.key(head, j), arrays.value(head, j), j, count, d, d_v,
                                      weights);
        } else if (j < most) {
          add_block<AnyPowers, true>(panel, arrays.key(head, j), arrays.value(head, j), j,
                                     std::min(count, most - j), d, d_v, weights);
        }
      }
      j += count;
    }
    for (Index p = 0; p < panels; ++p) {
      const Panel<T>& panel = group[static_cast<std::size_t>(p)];
      const Index present = std::min(rows, last - first - p * rows);
      for (Index i = 0; i < present; ++i) {
        const T inverse = T(1) / panel.total[i];
        for (Index c = 0; c < d_v; ++c) out[(p * rows + i) * d_v + c] = panel.sums[c * rows + i] * inverse;
      }
    }
  }
};

template <class T>
void rows_of(const AttentionArrays<T>& arrays, Index head, Index first, Index last, T key_norm, T* out) {
#if HWY_TARGET <= HWY_AVX3
  // Their additions take the place of multiplications.
  static const bool have_shared_units = __builtin_cpu_is("intel") != 0;
  if (have_shared_units) {
    Rows<ScaledPowers, T>{arrays, head, first, last, key_norm}.run(out);
    return;
  }
#endif
  Rows<Powers, T>{arrays, head, first, last, key_norm}.run(out);
}

void rows_single(const AttentionArrays<float>& arrays, Index head, Index first, Index last, float key_norm,
                 float* out) {
  rows_of(arrays, head, first, last, key_norm, out);
}
void rows_double(const AttentionArrays<double>& arrays, Index head, Index first, Index last, double key_norm,
                 double* out) {
  rows_of(arrays, head, first, last, key_norm, out);
}
double roundings() { return HWY_NATIVE_FMA ? 1 : 3; }
const char* target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace promptbound {

HWY_EXPORT(rows_single);
HWY_EXPORT(rows_double);
HWY_EXPORT(roundings);
HWY_EXPORT(target);

template <>
void exact_rows(const AttentionArrays<float>& arrays, Index head, Index first, Index last, float key_norm,
                float* out) {
  HWY_DYNAMIC_DISPATCH(rows_single)(arrays, head, first, last, key_norm, out);
}
template <>
void exact_rows(const AttentionArrays<double>& arrays, Index head, Index first, Index last, double key_norm,
                double* out) {
  HWY_DYNAMIC_DISPATCH(rows_double)(arrays, head, first, last, key_norm, out);
}
double rounding_factor() { return HWY_DYNAMIC_DISPATCH(roundings)(); }
const char* instruction_set() { return HWY_DYNAMIC_DISPATCH(target)(); }

}  // namespace promptbound
#endif

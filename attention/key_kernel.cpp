#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/key_kernel.cpp"

#include <promptbound/attention/targets.hpp>

#include <hwy/foreach_target.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include <hwy/highway.h>

#include <promptbound/attention/features-inl.hpp>
#include <promptbound/attention/kept_memory.hpp>
#include <promptbound/attention/polynomial_kernel.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

constexpr Index stretch_vectors = 32;  // of keys: heads times values, for a tile, stay in the L1 cache

/// A load into a register. Without the fence, which costs nothing, g++ repeats the load in each multiply-add
/// that uses it, and loads become the bottleneck.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_once(D d, const T* from) {
  const hn::Vec<D> loaded = hn::Load(d, from);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return loaded;
}

/// The moments of a group of keys, lane by lane.
template <class T>
class GroupMoments {
 public:
  GroupMoments(const MomentLayout& layout, const T* centre)
      : layout_(layout),
        centre_(centre),
        memory_((2 * layout.columns() + feature_rows(layout)) * width +
                (static_cast<Index>(layout.size()) + 2 * layout.d_v + 2) * lanes),
        values_(memory_.get()),
        products_(values_ + layout.columns() * width),
        features_(products_ + layout.columns() * width),
        sums_(features_ + feature_rows(layout) * width),
        extremes_(sums_ + static_cast<Index>(layout.size()) * lanes) {
    std::fill(features_, features_ + width, T(1));
  }

  /// Adds keys.
  void add_part(const T* keys, const T* values, Index count, KeySums<T>& sums) {
    const hn::ScalableTag<T> d;
    for (Index c = 0; c < 2 * layout_.d_v; ++c)
      hn::Store(hn::Set(d, values[c % layout_.d_v]), d, extremes_ + c * lanes);
    hn::Store(hn::Zero(d), d, squares());
    hn::Store(hn::Zero(d), d, squares() + lanes);
    for (Index group = 0; group < count; group += keys_per_group) {
      const Index end = std::min(count, group + keys_per_group);
      std::fill(sums_, sums_ + layout_.size() * static_cast<std::size_t>(lanes), T(0));
      for (Index j = group; j < end; j += width)
        add(keys + j * layout_.d, values + j * layout_.d_v, std::min(width, end - j));
      add_to(sums.moments.data());
    }
    sums.square = *std::max_element(squares(), squares() + lanes);
    sums.squares = std::accumulate(squares() + lanes, squares() + 2 * lanes, 0.0);
    for (Index c = 0; c < layout_.d_v; ++c) {
      const T *low = extremes_ + c * lanes, *high = low + layout_.d_v * lanes;
      sums.least[static_cast<std::size_t>(c)] = *std::min_element(low, low + lanes);
      sums.largest[static_cast<std::size_t>(c)] = *std::max_element(high, high + lanes);
    }
  }

  static constexpr Index lanes = lanes_of<T>(), width = stretch_vectors * lanes;

 private:
  [[nodiscard]] const T* feature(Index a) const { return features_ + a * width; }
  [[nodiscard]] T* squares() const { return extremes_ + 2 * layout_.d_v * lanes; }

  /// Adds at most `width` keys.
  void add(const T* keys, const T* values, Index count) {
    const Index columns = layout_.columns();
    used_ = (count + lanes - 1) / lanes * lanes;
    centre_points(keys, count);
    to_columns(values, count, layout_.d_v, width, values_);
    for (Index i = 0; i < width; ++i) values_[layout_.d_v * width + i] = i < count ? T(1) : T(0);
    find_extremes(values, count);
    make_features(layout_, width, used_, features_);
    for (const MomentLayout::Block& block : layout_.blocks) {
      if (block.head == 0) {
        add_columns<tile_columns>(block, values_, columns, sums_ + block.at * lanes);
        continue;
      }
      for (Index c = 0; c < columns; ++c)
        multiply(feature(block.head), values_ + c * width, used_, products_ + c * width);
      add_columns<tile_columns>(block, products_, columns, sums_ + block.at * lanes);
    }
    if (layout_.moment <= layout_.degree) return;
    for (const MomentLayout::Block& block : layout_.moment_blocks) {
      add_columns<tile_columns>(block, feature(block.head), block.heads, sums_ + block.at * lanes);
    }
  }

  /// Adds the sums of the lanes to `out`.
  void add_to(double* out) {
    const hn::ScalableTag<T> d;
    const auto size = static_cast<Index>(layout_.size());
    Index i = 0;  // in place: number i is the sum of vector i
    for (; i + lanes <= size; i += lanes)
      hn::Store(lane_sums<static_cast<int>(lanes)>(sums_ + i * lanes), d, sums_ + i);
    for (; i < size; ++i) {
      const T* vector = sums_ + i * lanes;
      sums_[i] = std::accumulate(vector, vector + lanes, T(0));
    }
    for (const MomentLayout::Block& block : layout_.blocks) add_block(block, layout_.columns(), out);
    if (layout_.moment <= layout_.degree) return;
    for (const MomentLayout::Block& block : layout_.moment_blocks) add_block(block, block.heads, out);
  }

  /// The columns of the centred keys, and their norms. Absent keys are 0, and so are their features, but
  /// for 1.
  void centre_points(const T* keys, Index count) {
    const hn::ScalableTag<T> d;
    T* points = features_ + width;
    to_columns(keys, count, layout_.d, width, points);
    auto largest = hn::Load(d, squares()), sum = hn::Load(d, squares() + lanes);
    for (Index i = 0; i < used_; i += lanes) {
      auto square = hn::Zero(d);
      for (Index c = 0; c < layout_.d; ++c) {
        T* at = points + c * width + i;
        auto x = hn::Sub(hn::Load(d, at), hn::Set(d, centre_[c]));
        if (i + lanes > count) x = hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(count - i)), x);
        hn::Store(x, d, at);
        square = hn::MulAdd(x, x, square);
      }
      largest = hn::Max(largest, square);
      sum = hn::Add(sum, square);
    }
    hn::Store(largest, d, squares());
    hn::Store(sum, d, squares() + lanes);
  }

  /// Those of the columns of the values; what fills no vector goes to the first lane.
  void find_extremes(const T* values, Index count) {
    const hn::ScalableTag<T> d;
    const Index whole = count / lanes * lanes;
    for (Index c = 0; c < layout_.d_v; ++c) {
      T *low = extremes_ + c * lanes, *high = low + layout_.d_v * lanes;
      auto least = hn::Load(d, low), largest = hn::Load(d, high);
      for (Index i = 0; i < whole; i += lanes) {
        const auto value = hn::Load(d, values_ + c * width + i);
        least = hn::Min(least, value);
        largest = hn::Max(largest, value);
      }
      hn::Store(least, d, low);
      hn::Store(largest, d, high);
      for (Index i = whole; i < count; ++i) {
        *low = std::min(*low, values[i * layout_.d_v + c]);
        *high = std::max(*high, values[i * layout_.d_v + c]);
      }
    }
  }

  /// sums += sum over keys of tail * factor for the tails of the block and `count` columns of factors. Sums
  /// lie tile after tile of columns, each by tail and then by column.
  template <int columns>
  void add_columns(const MomentLayout::Block& block, const T* factors, Index count, T* sums) {
    for (; count >= columns;
         count -= columns, factors += columns * width, sums += block.tails * columns * lanes)
      add_tails<columns>(block, factors, sums);
    if constexpr (columns > 1) {
      if (count > 0) add_columns<columns - 1>(block, factors, count, sums);
    }
  }
  template <int columns>
  void add_tails(const MomentLayout::Block& block, const T* factors, T* sums) {
    const std::int32_t* tail = layout_.tails.data() + block.tail;
    Index i = 0;
    for (; i + tile_rows <= block.tails; i += tile_rows)
      add_products<tile_rows, columns>(tail + i, factors, sums + i * columns * lanes);
    if constexpr (tile_rows > 2) {
      if (i + 2 == block.tails) add_products<2, columns>(tail + i, factors, sums + i * columns * lanes);
    }
    if (i + 1 == block.tails) add_products<1, columns>(tail + i, factors, sums + i * columns * lanes);
  }

  /// One tile of sums.
  template <int rows, int columns>
  HWY_NOINLINE void add_products(const std::int32_t* tail, const T* HWY_RESTRICT factors,
                                 T* HWY_RESTRICT sums) const {
    const hn::ScalableTag<T> d;
    using V = hn::Vec<decltype(d)>;
    const T* HWY_RESTRICT tails[rows];
    V s[rows][columns];
#pragma GCC unroll 3
    for (int a = 0; a < rows; ++a) {
      tails[a] = feature(tail[a]);
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) s[a][c] = hn::Load(d, sums + (a * columns + c) * lanes);
    }
    for (Index i = 0; i < used_; i += lanes) {
      V f[rows];
#pragma GCC unroll 3
      for (int a = 0; a < rows; ++a) f[a] = hn::Load(d, tails[a] + i);
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) {
        const V factor = load_once(d, factors + c * width + i);
#pragma GCC unroll 3
        for (int a = 0; a < rows; ++a) s[a][c] = hn::MulAdd(f[a], factor, s[a][c]);
      }
    }
#pragma GCC unroll 3
    for (int a = 0; a < rows; ++a) {
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) hn::Store(s[a][c], d, sums + (a * columns + c) * lanes);
    }
  }

  /// The sums of the lanes of `count` vectors; with fewer vectors than lanes, of the lanes by twos and so on.
  template <int count>
  static HWY_INLINE hn::Vec<hn::ScalableTag<T>> lane_sums(const T* vectors) {
    const hn::ScalableTag<T> d;
#if HWY_TARGET != HWY_SCALAR
    if constexpr (count > 1) {
      const auto a = lane_sums<count / 2>(vectors), b = lane_sums<count / 2>(vectors + count / 2 * lanes);
      return hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a));
    }
#endif
    return hn::Load(d, vectors);
  }
  /// Adds the sums of a block with this number of columns.
  void add_block(const MomentLayout::Block& block, Index columns, double* out) const {
    const T* sum = sums_ + block.at;
    for (Index from = 0; from < columns; from += tile_columns) {
      const Index to = std::min<Index>(columns, from + tile_columns);
      for (Index i = 0; i < block.tails; ++i) {
        for (Index c = from; c < to; ++c) out[block.at + i * columns + c] += static_cast<double>(*sum++);
      }
    }
  }

  const MomentLayout& layout_;
  const T* centre_;
  KeptMemory<T> memory_;
  T *values_, *products_;  ///< columns of values, and 1 or 0: absent; of a head and them
  T *features_, *sums_;
  T* extremes_;     ///< least and largest values, largest squared norms of keys and their sums
  Index used_ = 0;  ///< numbers of a row, whole vectors
};

template <class T>
void moments(const MomentLayout& layout, const T* keys, const T* values, Index count, const T* centre,
             KeySums<T>& sums) {
  static_assert(keys_per_group % GroupMoments<T>::width == 0);
  GroupMoments<T>(layout, centre).add_part(keys, values, count, sums);
}

void moments_single(const MomentLayout& layout, const float* keys, const float* values, Index count,
                    const float* centre, KeySums<float>& sums) {
  moments(layout, keys, values, count, centre, sums);
}
void moments_double(const MomentLayout& layout, const double* keys, const double* values, Index count,
                    const double* centre, KeySums<double>& sums) {
  moments(layout, keys, values, count, centre, sums);
}
// Products of one lane in a group, then the lanes' sums.
Index chain_single() { return keys_per_group / lanes_of<float>() + lanes_of<float>(); }
Index chain_double() { return keys_per_group / lanes_of<double>() + lanes_of<double>(); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace promptbound {

HWY_EXPORT(moments_single);
HWY_EXPORT(moments_double);
HWY_EXPORT(chain_single);
HWY_EXPORT(chain_double);

template <>
void add_moments(const MomentLayout& layout, const float* keys, const float* values, Index count,
                 const float* centre, KeySums<float>& sums) {
  HWY_DYNAMIC_DISPATCH(moments_single)(layout, keys, values, count, centre, sums);
}
template <>
void add_moments(const MomentLayout& layout, const double* keys, const double* values, Index count,
                 const double* centre, KeySums<double>& sums) {
  HWY_DYNAMIC_DISPATCH(moments_double)(layout, keys, values, count, centre, sums);
}
template <class T>
KeySums<T>::KeySums(const MomentLayout& layout)
    : moments(layout.size()),
      least(static_cast<std::size_t>(layout.d_v)),
      largest(static_cast<std::size_t>(layout.d_v)) {}
template struct KeySums<float>;
template struct KeySums<double>;

template <>
Index moment_chain<float>() {
  return HWY_DYNAMIC_DISPATCH(chain_single)();
}
template <>
Index moment_chain<double>() {
  return HWY_DYNAMIC_DISPATCH(chain_double)();
}

}  // namespace promptbound
#endif

// The kernels that add keys, of polynomial_kernel.hpp.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/polynomial/key_kernel.cpp"

#include <promptbound/numeric/matrices/instruction_sets.hpp>

#include <hwy/foreach_target.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include <hwy/highway.h>

#include <promptbound/attention/kept_memory.hpp>
#include <promptbound/attention/polynomial/features-inl.hpp>
#include <promptbound/attention/polynomial/polynomial_kernel.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

constexpr Index stretch_vectors = 32;  // of keys: values, and the features of a tile, stay in the L1 cache

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
        memory_((layout.d_v + layout.features()) * width +
                (static_cast<Index>(layout.size()) + 2 * layout.d_v + 2) * lanes),
        values_(memory_.get()),
        features_(values_ + layout.d_v * width),
        sums_(features_ + layout.features() * width),
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
      for (Index j = group; j < end; j += width) {
        is_new_ = j == group;
        add(keys + j * layout_.d, values + j * layout_.d_v, std::min(width, end - j));
      }
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

  /// Adds at most `width` keys; fewer only at the end.
  void add(const T* keys, const T* values, Index count) {
    used_ = (count + lanes - 1) / lanes * lanes;
    std::fill(features_ + count, features_ + used_, T(0));
    centre_points(keys, count);
    to_columns(values, count, layout_.d_v, width, values_, [](auto value, Index) { return value; });
    find_extremes(values, count);
    make_features(layout_, width, used_, features_);
    add_columns(values_, layout_.d_v, sums_);
    if (layout_.moment <= layout_.degree) return;
    for (const MomentLayout::Block& block : layout_.moment_blocks)
      add_heads<tile_columns>(block, feature(block.head), block.heads, sums_ + block.at * lanes);
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
    add_block(0, layout_.full(), layout_.columns(), out);
    if (layout_.moment <= layout_.degree) return;
    for (const MomentLayout::Block& block : layout_.moment_blocks)
      add_block(block.at, block.tails, block.heads, out);
  }

  /// The columns of the centred keys, and their norms. Absent keys are 0, and so are their features.
  void centre_points(const T* keys, Index count) {
    const hn::ScalableTag<T> d;
    T* const points = features_ + width;
    to_columns(keys, count, layout_.d, width, points, [&](auto key, Index c) HWY_ATTR {
      return hn::Sub(key, hn::Set(hn::ScalableTag<T>(), centre_[c]));
    });
    auto largest = hn::Load(d, squares()), sum = hn::Load(d, squares() + lanes);
    for (Index i = 0; i < used_; i += lanes) {
      auto square = hn::Zero(d);
      for (Index c = 0; c < layout_.d; ++c) {
        const auto x = hn::Load(d, points + c * width + i);
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

  /// sums += sum over keys of monomial * (values, 1). Sums lie tile after tile of columns, each by monomial
  /// and then by column; 1 is the last one.
  template <int columns = tile_columns - 1>
  void add_columns(const T* values, Index count, T* sums) {
    if (count >= tile_columns) {
      add_monomials<tile_columns, 0>(values, sums);
      return add_columns(values + tile_columns * width, count - tile_columns,
                         sums + layout_.full() * tile_columns * lanes);
    }
    if (count == columns) return add_monomials<columns, 1>(values, sums);
    if constexpr (columns > 0) add_columns<columns - 1>(values, count, sums);
  }
  template <int columns, int ones>
  void add_monomials(const T* values, T* sums) {
    for_rows(layout_.full(), [&](auto rows, Index i) {
      multiply_pairs<rows, columns, ones>(layout_.pairs.data() + i, values,
                                          sums + i * (columns + ones) * lanes);
    });
  }
  template <int rows, int columns, int ones>
  HWY_NOINLINE void multiply_pairs(const MomentLayout::Pair* pairs, const T* values, T* sums) const {
    const T *left[rows], *right[rows];
    for (int a = 0; a < rows; ++a) {
      left[a] = feature(pairs[a].left);
      right[a] = feature(pairs[a].right);
    }
    add_products<rows, columns, ones>(
        [&](int a, Index i) HWY_ATTR {
          const hn::ScalableTag<T> d;
          return hn::Mul(hn::Load(d, left[a] + i), hn::Load(d, right[a] + i));
        },
        values, sums);
  }

  /// The same for the even moment's tails and heads in place of values.
  template <int columns>
  void add_heads(const MomentLayout::Block& block, const T* heads, Index count, T* sums) {
    for (; count >= columns;
         count -= columns, heads += columns * width, sums += block.tails * columns * lanes) {
      for_rows(block.tails, [&](auto rows, Index i) {
        multiply_tails<rows, columns>(layout_.tails.data() + block.tail + i, heads,
                                      sums + i * columns * lanes);
      });
    }
    if constexpr (columns > 1) {
      if (count > 0) add_heads<columns - 1>(block, heads, count, sums);
    }
  }
  template <int rows, int columns>
  HWY_NOINLINE void multiply_tails(const std::int32_t* tails, const T* heads, T* sums) const {
    const T* tail[rows];
    for (int a = 0; a < rows; ++a) tail[a] = feature(tails[a]);
    add_products<rows, columns, 0>(
        [&](int a, Index i) HWY_ATTR { return hn::Load(hn::ScalableTag<T>(), tail[a] + i); }, heads, sums);
  }

  /// Calls body(rows of a tile, first row) for all rows.
  static void for_rows(Index count, const auto& body) {
    Index i = 0;
    for (; i + tile_rows <= count; i += tile_rows) body(std::integral_constant<int, tile_rows>(), i);
    if constexpr (tile_rows > 2) {
      if (i + 2 == count) body(std::integral_constant<int, 2>(), i);
    }
    if (i + 1 == count) body(std::integral_constant<int, 1>(), i);
  }

  /// One tile of sums, which are 0 where they are new: += sum over keys of row(a, keys) * column, and * 1.
  template <int rows, int columns, int ones, class Row>
  HWY_INLINE void add_products(Row row, const T* HWY_RESTRICT factors, T* HWY_RESTRICT sums) const {
    constexpr int all = columns + ones;
    const hn::ScalableTag<T> d;
    using V = hn::Vec<decltype(d)>;
    V s[rows][all];
#pragma GCC unroll 3
    for (int a = 0; a < rows; ++a) {
#pragma GCC unroll 9
      for (int c = 0; c < all; ++c)
        s[a][c] = is_new_ ? hn::Zero(d) : hn::Load(d, sums + (a * all + c) * lanes);
    }
    for (Index i = 0; i < used_; i += lanes) {
      V f[rows];
#pragma GCC unroll 3
      for (int a = 0; a < rows; ++a) f[a] = row(a, i);
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) {
        const V factor = load_once(d, factors + c * width + i);
#pragma GCC unroll 3
        for (int a = 0; a < rows; ++a) s[a][c] = hn::MulAdd(f[a], factor, s[a][c]);
      }
      if constexpr (ones > 0) {
#pragma GCC unroll 3
        for (int a = 0; a < rows; ++a) s[a][columns] = hn::Add(s[a][columns], f[a]);
      }
    }
#pragma GCC unroll 3
    for (int a = 0; a < rows; ++a) {
#pragma GCC unroll 9
      for (int c = 0; c < all; ++c) hn::Store(s[a][c], d, sums + (a * all + c) * lanes);
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
  void add_block(Index at, Index rows, Index columns, double* out) const {
    const T* sum = sums_ + at;
    for (Index from = 0; from < columns; from += tile_columns) {
      const Index to = std::min<Index>(columns, from + tile_columns);
      for (Index i = 0; i < rows; ++i) {
        for (Index c = from; c < to; ++c) out[at + i * columns + c] += static_cast<double>(*sum++);
      }
    }
  }

  const MomentLayout& layout_;
  const T* centre_;
  KeptMemory<T> memory_;
  T* values_;  ///< their columns
  T *features_, *sums_;
  T* extremes_;         ///< least and largest values, largest squared norms of keys and their sums
  Index used_ = 0;      ///< numbers of a row, whole vectors
  bool is_new_ = true;  ///< the sums of a group
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

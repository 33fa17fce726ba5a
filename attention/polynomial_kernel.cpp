#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/polynomial_kernel.cpp"

#include <promptbound/attention/targets.hpp>

#include <hwy/foreach_target.h>

#include <atomic>
#include <numeric>

#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <promptbound/attention/polynomial_kernel.hpp>
#include <promptbound/attention/transpose-inl.hpp>

// Lanes are points. Features are made for a stretch of points; then moments are sums over points of tail *
// (head * value), the read-out sums over tails of weight * tail, times the head: matrix products, tile by
// tile in registers (moment_layout.hpp).

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3
constexpr int tile_columns = 9, tile_rows = 3;  // 27 sums of 32 registers
#else
constexpr int tile_columns = 5, tile_rows = 2;  // 10 sums of 16 registers
#endif

constexpr int query_vectors = 2;
constexpr Index stretch_vectors = 32;  // of keys: heads times values, for a tile, stay in the L1 cache

template <class T>
hwy::AlignedFreeUniquePtr<T[]> allocate(Index count) {
  return hwy::AllocateAligned<T>(static_cast<std::size_t>(count));
}

/// A load into a register. Without the fence, which costs nothing, g++ repeats the load in each multiply-add
/// that uses it, and loads become the bottleneck.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_once(D d, const T* from) {
  const hn::Vec<D> loaded = hn::Load(d, from);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return loaded;
}

/// out[i] = a[i] b[i].
template <class T>
HWY_INLINE void multiply(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, Index count, T* HWY_RESTRICT out) {
  const hn::ScalableTag<T> d;
  for (Index i = 0; i < count; i += lanes_of<T>())
    hn::Store(hn::Mul(hn::Load(d, a + i), hn::Load(d, b + i)), d, out + i);
}

/// Features of points, one row of `width` numbers each. The first is 1.
template <class T>
HWY_INLINE void make_features(const MomentLayout& layout, const T* points, Index width, Index count,
                              T* features) {
  std::fill(features, features + width, T(1));
  for (Index a = 1; a < layout.features(); ++a) {
    const auto feature = static_cast<std::size_t>(a);
    multiply(features + layout.parent[feature] * width, points + layout.variable[feature] * width, count,
             features + a * width);
  }
}

/// The moments of a group of keys, lane by lane.
template <class T>
class GroupMoments {
 public:
  GroupMoments(const MomentLayout& layout, const T* centre)
      : layout_(layout),
        centre_(centre),
        points_(allocate<T>(layout.d * width)),
        values_(allocate<T>(layout.columns() * width)),
        products_(allocate<T>(layout.columns() * width)),
        features_(allocate<T>(layout.features() * width)),
        sums_(allocate<T>(static_cast<Index>(layout.size()) * lanes)),
        extremes_(allocate<T>((2 * layout.d_v + 1) * lanes)) {}

  /// Adds keys from a whole number of groups on.
  void add_part(const T* keys, const T* values, Index count, KeySums<T>& sums) {
    const hn::ScalableTag<T> d;
    for (Index c = 0; c < 2 * layout_.d_v; ++c)
      hn::Store(hn::Set(d, values[c % layout_.d_v]), d, extremes_.get() + c * lanes);
    hn::Store(hn::Zero(d), d, squares());
    for (Index group = 0; group < count; group += keys_per_group) {
      const Index end = std::min(count, group + keys_per_group);
      std::fill(sums_.get(), sums_.get() + layout_.size() * static_cast<std::size_t>(lanes), T(0));
      for (Index j = group; j < end; j += width)
        add(keys + j * layout_.d, values + j * layout_.d_v, std::min(width, end - j));
      add_to(sums.moments.data());
    }
    sums.square = *std::max_element(squares(), squares() + lanes);
    for (Index c = 0; c < layout_.d_v; ++c) {
      const T *low = extremes_.get() + c * lanes, *high = low + layout_.d_v * lanes;
      sums.least[static_cast<std::size_t>(c)] = *std::min_element(low, low + lanes);
      sums.largest[static_cast<std::size_t>(c)] = *std::max_element(high, high + lanes);
    }
  }

  static constexpr Index lanes = lanes_of<T>(), width = stretch_vectors * lanes;

 private:
  [[nodiscard]] const T* feature(Index a) const { return features_.get() + a * width; }
  [[nodiscard]] T* squares() const { return extremes_.get() + 2 * layout_.d_v * lanes; }

  /// Adds at most `width` keys.
  void add(const T* keys, const T* values, Index count) {
    const Index columns = layout_.columns();
    used_ = (count + lanes - 1) / lanes * lanes;
    centre_points(keys, count);
    to_columns(values, count, layout_.d_v, width, values_.get());
    for (Index i = 0; i < width; ++i) values_[layout_.d_v * width + i] = i < count ? T(1) : T(0);
    find_extremes(values, count);
    make_features(layout_, points_.get(), width, used_, features_.get());
    for (const MomentLayout::Block& block : layout_.blocks) {
      if (block.head == 0) {
        add_columns<tile_columns>(block, values_.get(), columns, sums_.get() + block.at * lanes);
        continue;
      }
      for (Index c = 0; c < columns; ++c)
        multiply(feature(block.head), values_.get() + c * width, used_, products_.get() + c * width);
      add_columns<tile_columns>(block, products_.get(), columns, sums_.get() + block.at * lanes);
    }
    if (layout_.moment <= layout_.degree) return;
    for (const MomentLayout::Block& block : layout_.moment_blocks) {
      add_columns<tile_columns>(block, feature(block.head), block.heads, sums_.get() + block.at * lanes);
    }
  }

  /// Adds the sums of the lanes to `out`.
  void add_to(double* out) {
    const hn::ScalableTag<T> d;
    const auto size = static_cast<Index>(layout_.size());
    Index i = 0;  // in place: number i is the sum of vector i
    for (; i + lanes <= size; i += lanes)
      hn::Store(lane_sums<static_cast<int>(lanes)>(sums_.get() + i * lanes), d, sums_.get() + i);
    for (; i < size; ++i) {
      const T* vector = sums_.get() + i * lanes;
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
    to_columns(keys, count, layout_.d, width, points_.get());
    for (Index c = 0; c < layout_.d; ++c) {
      T* column = points_.get() + c * width;
      const T centre = centre_[c];
      for (Index i = 0; i < count; ++i) column[i] -= centre;
    }
    auto largest = hn::Load(d, squares());
    for (Index i = 0; i < used_; i += lanes) {
      auto square = hn::Zero(d);
      for (Index c = 0; c < layout_.d; ++c) {
        const auto x = hn::Load(d, points_.get() + c * width + i);
        square = hn::MulAdd(x, x, square);
      }
      largest = hn::Max(largest, square);
    }
    hn::Store(largest, d, squares());
  }

  /// Those of the columns of the values; what fills no vector goes to the first lane.
  void find_extremes(const T* values, Index count) {
    const hn::ScalableTag<T> d;
    const Index whole = count / lanes * lanes;
    for (Index c = 0; c < layout_.d_v; ++c) {
      T *low = extremes_.get() + c * lanes, *high = low + layout_.d_v * lanes;
      auto least = hn::Load(d, low), largest = hn::Load(d, high);
      for (Index i = 0; i < whole; i += lanes) {
        const auto value = hn::Load(d, values_.get() + c * width + i);
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
    const T* sum = sums_.get() + block.at;
    for (Index from = 0; from < columns; from += tile_columns) {
      const Index to = std::min<Index>(columns, from + tile_columns);
      for (Index i = 0; i < block.tails; ++i) {
        for (Index c = from; c < to; ++c) out[block.at + i * columns + c] += static_cast<double>(*sum++);
      }
    }
  }

  const MomentLayout& layout_;
  const T* centre_;
  hwy::AlignedFreeUniquePtr<T[]> points_,
      values_;                               ///< columns of centred keys; of values, and 1 or 0: absent
  hwy::AlignedFreeUniquePtr<T[]> products_;  ///< of a head and the values
  hwy::AlignedFreeUniquePtr<T[]> features_;
  hwy::AlignedFreeUniquePtr<T[]> sums_;
  hwy::AlignedFreeUniquePtr<T[]> extremes_;  ///< least and largest values, largest squared norms of keys
  Index used_ = 0;                           ///< numbers of a row, whole vectors
};

template <class T>
void moments(const MomentLayout& layout, const T* keys, const T* values, Index count, const T* centre,
             std::vector<KeySums<T>>& sums, Index from, Index to) {
  static_assert(keys_per_group % GroupMoments<T>::width == 0);
  const Index groups = (count + keys_per_group - 1) / keys_per_group;
  const auto parts = static_cast<Index>(sums.size());
  GroupMoments<T> group(layout, centre);
  for (Index part = from; part < to; ++part) {
    const Index first = groups * part / parts * keys_per_group;
    const Index last = std::min(count, groups * (part + 1) / parts * keys_per_group);
    group.add_part(keys + first * layout.d, values + first * layout.d_v, last - first,
                   sums[static_cast<std::size_t>(part)]);
  }
}

/// The polynomials of two vectors of queries.
template <class T>
class ReadOut {
 public:
  ReadOut(const MomentLayout& layout, const T* weights, double scale)
      : layout_(layout),
        weights_(weights),
        scale_(scale),
        rows_(allocate<T>(layout.d * width)),
        points_(allocate<T>(layout.d * width)),
        features_(allocate<T>(layout.features() * width)),
        totals_(allocate<T>(2 * (layout.columns() + 1) * width)) {
    take_sizes();
  }

  /// Outputs of at most `width` queries, and the normalisers where they are wanted.
  void read(const T* queries, Index count, T* output, T* normalisers) {
    const Tag d;
    const Index columns = layout_.columns();
    for (Index i = 0; i < count * layout_.d; ++i)
      rows_[i] = static_cast<T>(static_cast<double>(queries[i]) * scale_);
    to_columns(rows_.get(), count, layout_.d, width, points_.get());
    make_features(layout_, points_.get(), width, width, features_.get());
    std::fill(totals_.get(), totals_.get() + 2 * (columns + 1) * width, T(0));
    Index summed = 0;
    for (const MomentLayout::Block& block : layout_.blocks) {
      add_columns<tile_columns>(block, weights_ + block.at, columns, totals_.get());
      if (++summed % blocks_per_sum == 0) flush();
    }
    flush();
    for (const MomentLayout::Block& block : layout_.moment_blocks) {
      add_heads<tile_columns>(block, block.head, weights_ + block.at, block.heads);
      if (++summed % blocks_per_sum == 0) flush();
    }
    flush();
    T* totals = totals_.get() + (columns + 1) * width;
    for (Index i = 0; i < width; i += lanes) {
      V square = hn::Zero(d);
      for (Index c = 0; c < layout_.d; ++c) {
        const V x = hn::Load(d, points_.get() + c * width + i);
        square = hn::MulAdd(x, x, square);
      }
      largest_square_ = hn::Max(largest_square_, square);
      // Absent queries are 0 and make a bound for 0 too.
      const V normaliser = hn::Load(d, totals + layout_.d_v * width + i);
      const V inverse = hn::Div(hn::Set(d, T(1)), normaliser);
      const V moment = hn::Load(d, totals + columns * width + i);
      largest_moment_ = hn::Max(largest_moment_, hn::Mul(moment, inverse));
      const auto is_finite = hn::Le(normaliser, hn::Set(d, std::numeric_limits<T>::max()));
      least_ = hn::Min(least_, hn::IfThenElseZero(is_finite, normaliser));
      for (Index c = 0; c < layout_.d_v; ++c) {
        T* column = totals + c * width + i;
        hn::Store(hn::Mul(hn::Load(d, column), inverse), d, column);
      }
    }
    to_rows(totals, count, layout_.d_v, width, output);
    if (normalisers != nullptr)
      std::copy(totals + layout_.d_v * width, totals + layout_.d_v * width + count, normalisers);
  }

  /// The sizes of the queries since the last call.
  QuerySizes<T> take_sizes() {
    const Tag d;
    const QuerySizes<T> sizes = {hn::GetLane(hn::MaxOfLanes(d, largest_square_)),
                                 hn::GetLane(hn::MinOfLanes(d, least_)),
                                 hn::GetLane(hn::MaxOfLanes(d, largest_moment_))};
    largest_square_ = largest_moment_ = hn::Zero(d);
    least_ = hn::Set(d, std::numeric_limits<T>::max());
    return sizes;
  }

  static constexpr Index lanes = lanes_of<T>(), width = query_vectors * lanes;

 private:
  using Tag = hn::ScalableTag<T>;
  using V = hn::Vec<Tag>;

  /// Adds the sums of some blocks to those of all, so that no chain of additions is long.
  void flush() {
    const Tag d;
    const Index count = (layout_.columns() + 1) * width;
    T *some = totals_.get(), *all = some + count;
    for (Index i = 0; i < count; i += lanes) {
      hn::Store(hn::Add(hn::Load(d, all + i), hn::Load(d, some + i)), d, all + i);
      hn::Store(hn::Zero(d), d, some + i);
    }
  }

  /// s[c] = sum over the tails of the block of weight * tail.
  template <int columns>
  HWY_INLINE void dot_products(const MomentLayout::Block& block, const T* HWY_RESTRICT weights, Index stride,
                               V (&s)[columns][query_vectors]) const {
    const Tag d;
#pragma GCC unroll 9
    for (int c = 0; c < columns; ++c) s[c][0] = s[c][1] = hn::Zero(d);
    const std::int32_t* tail = layout_.tails.data() + block.tail;
    for (Index i = 0; i < block.tails; ++i, weights += stride) {
      const T* feature = features_.get() + tail[i] * width;
      const V f0 = hn::Load(d, feature), f1 = hn::Load(d, feature + lanes);
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) {
        const V weight = hn::Set(d, weights[c]);
        s[c][0] = hn::MulAdd(f0, weight, s[c][0]);
        s[c][1] = hn::MulAdd(f1, weight, s[c][1]);
      }
    }
  }

  /// For columns of the values: total += head * sum.
  template <int columns>
  void add_columns(const MomentLayout::Block& block, const T* weights, Index count, T* totals) {
    for (; count >= columns; count -= columns, weights += columns, totals += columns * width)
      add_products<columns>(block, weights, totals);
    if constexpr (columns > 1) {
      if (count > 0) add_columns<columns - 1>(block, weights, count, totals);
    }
  }
  template <int columns>
  HWY_NOINLINE void add_products(const MomentLayout::Block& block, const T* weights, T* HWY_RESTRICT totals) {
    const Tag d;
    V s[columns][query_vectors];
    dot_products<columns>(block, weights, layout_.columns(), s);
    const T* head = features_.get() + block.head * width;
    const V h0 = hn::Load(d, head), h1 = hn::Load(d, head + lanes);
#pragma GCC unroll 9
    for (int c = 0; c < columns; ++c) {
      T* total = totals + c * width;
      hn::Store(hn::MulAdd(h0, s[c][0], hn::Load(d, total)), d, total);
      hn::Store(hn::MulAdd(h1, s[c][1], hn::Load(d, total + lanes)), d, total + lanes);
    }
  }

  /// For heads of the even moment: all go to one total.
  template <int heads>
  void add_heads(const MomentLayout::Block& block, Index head, const T* weights, Index count) {
    for (; count >= heads; count -= heads, weights += heads, head += heads)
      add_moment<heads>(block, head, weights);
    if constexpr (heads > 1) {
      if (count > 0) add_heads<heads - 1>(block, head, weights, count);
    }
  }
  template <int heads>
  HWY_NOINLINE void add_moment(const MomentLayout::Block& block, Index head, const T* weights) {
    const Tag d;
    V s[heads][query_vectors];
    dot_products<heads>(block, weights, block.heads, s);
    T* total = totals_.get() + layout_.columns() * width;
    const T* feature = features_.get() + head * width;
    V t0 = hn::Zero(d), t1 = t0;
#pragma GCC unroll 9
    for (int h = 0; h < heads; ++h) {
      t0 = hn::MulAdd(hn::Load(d, feature + h * width), s[h][0], t0);
      t1 = hn::MulAdd(hn::Load(d, feature + h * width + lanes), s[h][1], t1);
    }
    hn::Store(hn::Add(hn::Load(d, total), t0), d, total);
    hn::Store(hn::Add(hn::Load(d, total + lanes), t1), d, total + lanes);
  }

  const MomentLayout& layout_;
  const T* weights_;
  double scale_;
  hwy::AlignedFreeUniquePtr<T[]> rows_, points_, features_;  ///< scaled queries, their columns
  V largest_square_, least_, largest_moment_;
  hwy::AlignedFreeUniquePtr<T[]> totals_;  ///< of the last blocks, and of all before; the even moment's last
};

template <class T>
void read_out(const MomentLayout& layout, const T* weights, const T* queries, Index count, double scale,
              T* output, T* normalisers, std::vector<QuerySizes<T>>& sizes, Index from, Index to) {
  ReadOut<T> polynomials(layout, weights, scale);
  for (Index part = from; part < to; ++part) {
    const Index end = std::min(count, (part + 1) * queries_per_part);
    for (Index i = part * queries_per_part; i < end; i += polynomials.width) {
      polynomials.read(queries + i * layout.d, std::min(polynomials.width, end - i), output + i * layout.d_v,
                       normalisers == nullptr ? nullptr : normalisers + i);
    }
    sizes[static_cast<std::size_t>(part)] = polynomials.take_sizes();
  }
}

void moments_single(const MomentLayout& layout, const float* keys, const float* values, Index count,
                    const float* centre, std::vector<KeySums<float>>& sums, Index from, Index to) {
  moments(layout, keys, values, count, centre, sums, from, to);
}
void moments_double(const MomentLayout& layout, const double* keys, const double* values, Index count,
                    const double* centre, std::vector<KeySums<double>>& sums, Index from, Index to) {
  moments(layout, keys, values, count, centre, sums, from, to);
}
void read_single(const MomentLayout& layout, const float* weights, const float* queries, Index count,
                 double scale, float* output, float* normalisers, std::vector<QuerySizes<float>>& sizes,
                 Index from, Index to) {
  read_out(layout, weights, queries, count, scale, output, normalisers, sizes, from, to);
}
void read_double(const MomentLayout& layout, const double* weights, const double* queries, Index count,
                 double scale, double* output, double* normalisers, std::vector<QuerySizes<double>>& sizes,
                 Index from, Index to) {
  read_out(layout, weights, queries, count, scale, output, normalisers, sizes, from, to);
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
HWY_EXPORT(read_single);
HWY_EXPORT(read_double);
HWY_EXPORT(chain_single);
HWY_EXPORT(chain_double);

template <>
void add_moments(const MomentLayout& layout, const float* keys, const float* values, Index count,
                 const float* centre, std::vector<KeySums<float>>& sums, Index from, Index to) {
  HWY_DYNAMIC_DISPATCH(moments_single)(layout, keys, values, count, centre, sums, from, to);
}
template <>
void add_moments(const MomentLayout& layout, const double* keys, const double* values, Index count,
                 const double* centre, std::vector<KeySums<double>>& sums, Index from, Index to) {
  HWY_DYNAMIC_DISPATCH(moments_double)(layout, keys, values, count, centre, sums, from, to);
}
template <>
void read_moments(const MomentLayout& layout, const float* weights, const float* queries, Index count,
                  double scale, float* output, float* normalisers, std::vector<QuerySizes<float>>& sizes,
                  Index from, Index to) {
  HWY_DYNAMIC_DISPATCH(read_single)
  (layout, weights, queries, count, scale, output, normalisers, sizes, from, to);
}
template <>
void read_moments(const MomentLayout& layout, const double* weights, const double* queries, Index count,
                  double scale, double* output, double* normalisers, std::vector<QuerySizes<double>>& sizes,
                  Index from, Index to) {
  HWY_DYNAMIC_DISPATCH(read_double)
  (layout, weights, queries, count, scale, output, normalisers, sizes, from, to);
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

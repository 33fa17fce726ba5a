// The kernels that serve queries, of polynomial_kernel.hpp.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/polynomial/query_kernel.cpp"

#include <promptbound/numeric/matrices/instruction_sets.hpp>

#include <hwy/foreach_target.h>

#include <algorithm>
#include <limits>

#include <hwy/highway.h>

#include <promptbound/attention/polynomial/features-inl.hpp>
#include <promptbound/attention/polynomial/polynomial_kernel.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

constexpr int query_vectors = 2;
constexpr Index most_query_vectors = 16;

/// The polynomials of a few vectors of queries: as many as leave room for their features in the L1 cache.
template <class T>
class ReadOut {
 public:
  ReadOut(const MomentLayout& layout, const T* weights, T unit)
      : width(width_for(layout)),
        layout_(layout),
        weights_(weights),
        unit_(unit),
        is_flushed_(layout.blocks() > blocks_per_sum),
        features_(allocate<T>(layout.features() * width)),
        totals_(allocate<T>(2 * (layout.columns() + 1) * width)),
        extremes_(allocate<T>(2 * layout.d_v * lanes)) {
    std::fill(features_.get(), features_.get() + width, T(1));
    forget_sizes();
  }

  /// Outputs of at most `width` queries, and the normalisers where they are wanted.
  void read(const T* queries, Index count, T* output, T* normalisers) {
    const Tag d;
    const Index columns = layout_.columns();
    used_ = (count + query_vectors * lanes - 1) / (query_vectors * lanes) * (query_vectors * lanes);
    to_columns(queries, count, layout_.d, width, features_.get() + width,
               [&](V query, Index) HWY_ATTR { return hn::Mul(query, hn::Set(d, unit_)); });
    make_features(layout_, width, used_, features_.get());
    const Index size = (columns + 1) * width;
    T* totals = totals_.get() + (is_flushed_ ? size : 0);
    if (is_flushed_) std::fill(totals, totals + size, T(0));
    if (layout_.moment > 0) std::fill(totals_.get() + columns * width, totals_.get() + size, T(0));
    Index summed = 0;
    for (Index first = 0; first < layout_.full(); first += monomials_per_block) {
      add_columns<tile_columns>(first, weights_ + first * columns, columns, totals_.get());
      if (++summed % blocks_per_sum == 0) flush();
    }
    flush();
    for (const MomentLayout::Block& block : layout_.moment_blocks) {
      add_heads<tile_columns>(block, block.head, weights_ + block.at, block.heads);
      if (++summed % blocks_per_sum == 0) flush();
    }
    flush();
    for (Index i = 0; i < used_; i += lanes) {
      V square = hn::Zero(d);
      for (Index c = 0; c < layout_.d; ++c) {
        const V x = hn::Load(d, features_.get() + (c + 1) * width + i);
        square = hn::MulAdd(x, x, square);
      }
      largest_square_ = hn::Max(largest_square_, square);
      // Absent queries are 0 and make a bound for 0 too.
      const V normaliser = hn::Load(d, totals + layout_.d_v * width + i);
      const V inverse = hn::Div(hn::Set(d, T(1)), normaliser);
      if (layout_.moment > 0) {
        const V moment = hn::Load(d, totals + columns * width + i);
        largest_moment_ = hn::Max(largest_moment_, hn::Mul(moment, inverse));
      }
      const auto is_finite = hn::Le(normaliser, hn::Set(d, std::numeric_limits<T>::max()));
      least_ = hn::Min(least_, hn::IfThenElseZero(is_finite, normaliser));
      hn::Store(inverse, d, totals + columns * width + i);
    }
    for (Index c = 0; c < layout_.d_v; ++c) divide(totals + c * width, totals + columns * width, c);
    to_rows(totals, count, layout_.d_v, width, output);
    if (normalisers != nullptr)
      std::copy(totals + layout_.d_v * width, totals + layout_.d_v * width + count, normalisers);
  }

  /// The sizes of the queries since the last call.
  QuerySizes<T> take_sizes() {
    const Tag d;
    QuerySizes<T> sizes = {hn::GetLane(hn::MaxOfLanes(d, largest_square_)),
                           hn::GetLane(hn::MinOfLanes(d, least_)),
                           hn::GetLane(hn::MaxOfLanes(d, largest_moment_)),
                           {},
                           {}};
    for (Index c = 0; c < layout_.d_v; ++c) {
      sizes.least.push_back(hn::GetLane(hn::MinOfLanes(d, hn::Load(d, extremes_.get() + 2 * c * lanes))));
      sizes.largest.push_back(
          hn::GetLane(hn::MaxOfLanes(d, hn::Load(d, extremes_.get() + (2 * c + 1) * lanes))));
    }
    forget_sizes();
    return sizes;
  }

  static constexpr Index lanes = lanes_of<T>();
  const Index width;

 private:
  using Tag = hn::ScalableTag<T>;
  using V = hn::Vec<Tag>;

  static Index width_for(const MomentLayout& layout) {
    constexpr Index L1 = 24 << 10;
    Index vectors = most_query_vectors;
    while (vectors > query_vectors &&
           layout.features() * vectors * lanes * static_cast<Index>(sizeof(T)) > L1)
      vectors /= 2;
    return vectors * lanes;
  }

  void forget_sizes() {
    const Tag d;
    largest_square_ = largest_moment_ = hn::Zero(d);
    least_ = hn::Set(d, std::numeric_limits<T>::max());
    for (Index c = 0; c < layout_.d_v; ++c) {
      hn::Store(least_, d, extremes_.get() + 2 * c * lanes);
      hn::Store(hn::Neg(least_), d, extremes_.get() + (2 * c + 1) * lanes);
    }
  }

  /// Column c of the outputs, from the sums and the normalisers' inverses.
  HWY_INLINE void divide(T* HWY_RESTRICT column, const T* HWY_RESTRICT inverses, Index c) {
    const Tag d;
    T* extremes = extremes_.get() + 2 * c * lanes;
    V low = hn::Load(d, extremes), high = hn::Load(d, extremes + lanes);
    for (Index i = 0; i < used_; i += lanes) {
      const V output = hn::Mul(hn::Load(d, column + i), hn::Load(d, inverses + i));
      low = hn::Min(low, output);
      high = hn::Max(high, output);
      hn::Store(output, d, column + i);
    }
    hn::Store(low, d, extremes);
    hn::Store(high, d, extremes + lanes);
  }

  /// Adds the sums of some blocks to those of all, so that no chain of additions is long. Few blocks are
  /// summed at once.
  void flush() {
    if (!is_flushed_) return;
    const Tag d;
    const Index count = (layout_.columns() + 1) * width;
    T *some = totals_.get(), *all = some + count;
    for (Index i = 0; i < count; i += lanes) {
      hn::Store(hn::Add(hn::Load(d, all + i), hn::Load(d, some + i)), d, all + i);
      hn::Store(hn::Zero(d), d, some + i);
    }
  }

  /// Calls body(vectors, first lane) for the vectors in use: as many at once as there are registers for.
  template <int columns, class Body>
  HWY_INLINE void for_vectors(Body body) const {
    Index i = 0;
    constexpr int twice = 2 * query_vectors;
    if constexpr (twice * columns <= tile_columns * tile_rows) {
      for (; i + twice * lanes <= used_; i += twice * lanes) body(std::integral_constant<int, twice>(), i);
    }
    for (; i < used_; i += query_vectors * lanes) body(std::integral_constant<int, query_vectors>(), i);
  }

  /// s[c] += sum of weight * feature over `count` features, of which this is the one at i, for vectors of
  /// queries.
  template <int columns, int vectors, class Feature>
  HWY_INLINE void add_dot_products(Index count, Feature feature, const T* HWY_RESTRICT weights, Index stride,
                                   V (&s)[columns][vectors]) const {
    const Tag d;
    for (Index i = 0; i < count; ++i, weights += stride) {
      V f[vectors];
      feature(i, f);
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) {
        const V weight = hn::Set(d, weights[c]);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) s[c][v] = hn::MulAdd(f[v], weight, s[c][v]);
      }
    }
  }

  /// For columns of the values: total += sum over the block of monomials that begins at `from`.
  template <int columns>
  void add_columns(Index from, const T* weights, Index count, T* totals) {
    for (; count >= columns; count -= columns, weights += columns, totals += columns * width)
      add_monomials<columns>(from, weights, totals);
    if constexpr (columns > 1) {
      if (count > 0) add_columns<columns - 1>(from, weights, count, totals);
    }
  }
  template <int columns>
  HWY_NOINLINE void add_monomials(Index from, const T* weights, T* HWY_RESTRICT totals) {
    // The first monomial of all is 1.
    const bool is_first = from == 0;
    const MomentLayout::Pair* const pairs = layout_.pairs.data() + from + (is_first ? 1 : 0);
    const Index count = std::min(monomials_per_block, layout_.full() - from) - (is_first ? 1 : 0);
    for_vectors<columns>([&](auto constant, Index first) HWY_ATTR {
      constexpr int vectors = constant;
      const Tag d;
      V s[columns][vectors];
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) {
        const V start = is_first ? hn::Set(d, weights[c]) : hn::Zero(d);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) s[c][v] = start;
      }
      const T* HWY_RESTRICT features = features_.get() + first;
      const auto monomial = [&](Index i, V(&f)[vectors]) HWY_ATTR {
        const T *left = features + pairs[i].left * width, *right = features + pairs[i].right * width;
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v)
          f[v] = hn::Mul(hn::Load(d, left + v * lanes), hn::Load(d, right + v * lanes));
      };
      add_dot_products<columns, vectors>(count, monomial, weights + (is_first ? layout_.columns() : 0),
                                         layout_.columns(), s);
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) {
          T* total = totals + c * width + first + v * lanes;
          hn::Store(is_first ? s[c][v] : hn::Add(hn::Load(d, total), s[c][v]), d, total);
        }
      }
    });
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
    for_vectors<heads>([&](auto constant, Index first) HWY_ATTR {
      constexpr int vectors = constant;
      const Tag d;
      V s[heads][vectors];
#pragma GCC unroll 9
      for (int h = 0; h < heads; ++h) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) s[h][v] = hn::Zero(d);
      }
      const std::int32_t* const tails = layout_.tails.data() + block.tail;
      const auto tail = [&](Index i, V(&f)[vectors]) HWY_ATTR {
        const T* tail_feature = features_.get() + tails[i] * width + first;
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) f[v] = hn::Load(d, tail_feature + v * lanes);
      };
      add_dot_products<heads, vectors>(block.tails, tail, weights, block.heads, s);
      T* total = totals_.get() + layout_.columns() * width + first;
      const T* feature = features_.get() + head * width + first;
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v, total += lanes, feature += lanes) {
        V sum = hn::Zero(d);
#pragma GCC unroll 9
        for (int h = 0; h < heads; ++h) sum = hn::MulAdd(hn::Load(d, feature + h * width), s[h][v], sum);
        hn::Store(hn::Add(hn::Load(d, total), sum), d, total);
      }
    });
  }

  const MomentLayout& layout_;
  const T* weights_;
  T unit_;
  bool is_flushed_;
  Index used_ = 0;                           ///< lanes of a row, a multiple of query_vectors vectors
  hwy::AlignedFreeUniquePtr<T[]> features_;  ///< their rows of `width`
  V largest_square_, least_, largest_moment_;
  hwy::AlignedFreeUniquePtr<T[]> totals_;  ///< of the last blocks, and of all before; the even moment's last
  hwy::AlignedFreeUniquePtr<T[]> extremes_;  ///< least and largest outputs of each column
};

template <class T>
void read_out(const MomentLayout& layout, const T* weights, const T* queries, Index count, T unit, T* output,
              T* normalisers, std::vector<QuerySizes<T>>& sizes, Index from, Index to) {
  ReadOut<T> polynomials(layout, weights, unit);
  for (Index part = from; part < to; ++part) {
    const Index end = std::min(count, (part + 1) * queries_per_part);
    for (Index i = part * queries_per_part; i < end; i += polynomials.width) {
      polynomials.read(queries + i * layout.d, std::min(polynomials.width, end - i), output + i * layout.d_v,
                       normalisers == nullptr ? nullptr : normalisers + i);
    }
    sizes[static_cast<std::size_t>(part)] = polynomials.take_sizes();
  }
}

void read_single(const MomentLayout& layout, const float* weights, const float* queries, Index count,
                 float unit, float* output, float* normalisers, std::vector<QuerySizes<float>>& sizes,
                 Index from, Index to) {
  read_out(layout, weights, queries, count, unit, output, normalisers, sizes, from, to);
}
void read_double(const MomentLayout& layout, const double* weights, const double* queries, Index count,
                 double unit, double* output, double* normalisers, std::vector<QuerySizes<double>>& sizes,
                 Index from, Index to) {
  read_out(layout, weights, queries, count, unit, output, normalisers, sizes, from, to);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace promptbound {

HWY_EXPORT(read_single);
HWY_EXPORT(read_double);

template <>
void read_moments(const MomentLayout& layout, const float* weights, const float* queries, Index count,
                  float unit, float* output, float* normalisers, std::vector<QuerySizes<float>>& sizes,
                  Index from, Index to) {
  HWY_DYNAMIC_DISPATCH(read_single)
  (layout, weights, queries, count, unit, output, normalisers, sizes, from, to);
}
template <>
void read_moments(const MomentLayout& layout, const double* weights, const double* queries, Index count,
                  double unit, double* output, double* normalisers, std::vector<QuerySizes<double>>& sizes,
                  Index from, Index to) {
  HWY_DYNAMIC_DISPATCH(read_double)
  (layout, weights, queries, count, unit, output, normalisers, sizes, from, to);
}

}  // namespace promptbound
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/query_kernel.cpp"

#include <promptbound/attention/targets.hpp>

#include <hwy/foreach_target.h>

#include <algorithm>
#include <limits>

#include <hwy/highway.h>

#include <promptbound/attention/features-inl.hpp>
#include <promptbound/attention/polynomial_kernel.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

constexpr int query_vectors = 2;

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

}  // namespace promptbound
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/polynomial_kernel.cpp"

#include <promptbound/attention/targets.hpp>

#include <hwy/foreach_target.h>

#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <promptbound/attention/polynomial_kernel.hpp>

// Lanes are points. No array of all features exists: those of keys are made along one path of the tree of
// monomials at a time, for a stretch of keys, so that a tile of sums stays in registers over the stretch;
// those of queries for two vectors, up to the second highest degree.

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

#if HWY_TARGET <= HWY_AVX3
constexpr int tile_columns = 9;  // 18 sums of 32 registers
#else
constexpr int tile_columns = 5;  // 10 sums of 16 registers
#endif

constexpr int query_vectors = 2;
constexpr Index stretch_vectors = 32;  // values and a path of features for them stay near the L1 cache

template <class T>
constexpr Index lanes_of() {
  return static_cast<Index>(hn::MaxLanes(hn::ScalableTag<T>()));
}

/// Points as columns: coordinates of `count` rows, the rest 0.
template <class T>
HWY_INLINE void transpose(const T* rows, Index count, Index columns, Index width, T* out) {
  for (Index c = 0; c < columns; ++c) {
    for (Index i = 0; i < count; ++i) out[c * width + i] = rows[i * columns + c];
    for (Index i = count; i < width; ++i) out[c * width + i] = 0;
  }
}

/// The moments of a group of keys, lane by lane.
template <class T>
class GroupMoments {
 public:
  GroupMoments(const MomentShape& shape, const T* centre)
      : shape_(shape),
        centre_(centre),
        points_(allocate(shape.d * width)),
        values_(allocate(shape.d_v * width)),
        path_(allocate((shape.degree + 2) * width)),
        sums_(allocate(static_cast<Index>(shape.size()) * lanes)) {}

  void clear() {
    std::fill(sums_.get(), sums_.get() + shape_.size() * static_cast<std::size_t>(lanes), T(0));
  }

  /// Adds at most `width` keys.
  void add(const T* keys, const T* values, Index count) {
    vectors_ = (count + lanes - 1) / lanes;
    transpose(keys, count, shape_.d, width, points_.get());
    for (Index c = 0; c < shape_.d; ++c) {
      for (Index i = 0; i < vectors_ * lanes; ++i) points_[c * width + i] -= centre_[c];
    }
    transpose(values, count, shape_.d_v, width, values_.get());
    for (Index i = 0; i < width; ++i) path_[i] = i < count ? T(1) : T(0);
    add_columns<1, tile_columns>(0, path_.get(), path_.get());
    visit(0, 0);
  }

  /// Adds the sums of the lanes to `out`.
  void add_to(double* out) const {
    const hn::ScalableTag<T> d;
    const Index columns = shape_.columns(), full = shape_.full();
    const auto lane_sum = [&](Index i) HWY_ATTR {
      return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Load(d, sums_.get() + i * lanes))));
    };
    for (Index i = 0; i < full * columns; ++i) out[i] += lane_sum(i);
    // Those of an even moment of the highest degree are sums of 1 there.
    for (Index a = shape_.moment_from(), i = full * columns; a < shape_.moment_to(); ++a, ++i)
      out[i] += lane_sum(a < full ? a * columns + shape_.d_v : i);
  }

  static constexpr Index lanes = lanes_of<T>(), width = stretch_vectors * lanes;

 private:
  static hwy::AlignedFreeUniquePtr<T[]> allocate(Index count) {
    return hwy::AllocateAligned<T>(static_cast<std::size_t>(count));
  }
  [[nodiscard]] T* path(Index level) const { return path_.get() + level * width; }

  /// Adds the moments of all products of monomial a, whose features are path(level), with further variables.
  void visit(Index a, Index level) {
    const hn::ScalableTag<T> d;
    if (level == shape_.degree && shape_.moment <= level) return;
    const Index child = shape_.monomials.first_child[static_cast<std::size_t>(a)];
    const Index variable = shape_.monomials.variable[static_cast<std::size_t>(a)];
    const Index children = shape_.d - variable;
    const T* points = points_.get() + variable * width;
    if (level == shape_.degree) {
      T* sums = sums_.get() + (shape_.full() * shape_.columns() + child - shape_.moment_from()) * lanes;
      add_singles(path(level), points, children, sums);
      return;
    }
    Index i = 0;
    for (; i + 2 <= children; i += 2)
      add_columns<2, tile_columns>(child + i, path(level), points + i * width);
    if (i < children) add_columns<1, tile_columns>(child + i, path(level), points + i * width);
    if (level + 1 == shape_.degree && shape_.moment <= shape_.degree) return;
    for (i = 0; i < children; ++i) {
      for (Index j = 0; j < vectors_ * lanes; j += lanes) {
        hn::Store(hn::Mul(hn::Load(d, path(level) + j), hn::Load(d, points + i * width + j)), d,
                  path(level + 1) + j);
      }
      visit(child + i, level + 1);
    }
  }

  /// For `count` monomials from a on, each the parent times the next variable: their products with all
  /// columns of the values and with 1.
  template <int count, int columns>
  HWY_INLINE void add_columns(Index a, const T* parent, const T* variables) {
    const Index all = shape_.columns();
    T* sums = sums_.get() + a * all * lanes;
    Index c = 0;
    for (; all - c > columns; c += columns)
      add_products<count, columns, false>(parent, variables, values_.get() + c * width, sums + c * lanes);
    add_last<count, columns>(all - c, parent, variables, values_.get() + c * width, sums + c * lanes);
  }
  template <int count, int columns>
  HWY_INLINE void add_last(Index left, const T* parent, const T* variables, const T* values, T* sums) {
    if (left == columns) {
      add_products<count, columns, true>(parent, variables, values, sums);
    } else if constexpr (columns > 1) {
      add_last<count, columns - 1>(left, parent, variables, values, sums);
    }
  }

  /// One tile of sums; with_ones: the last column is 1.
  template <int count, int columns, bool with_ones>
  HWY_NOINLINE void add_products(const T* HWY_RESTRICT parent, const T* HWY_RESTRICT variables,
                                 const T* HWY_RESTRICT values, T* HWY_RESTRICT sums) const {
    const hn::ScalableTag<T> d;
    using V = hn::Vec<decltype(d)>;
    const Index stride = shape_.columns() * lanes;
    V s[count][columns];
#pragma GCC unroll 2
    for (int a = 0; a < count; ++a) {
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) s[a][c] = hn::Load(d, sums + a * stride + c * lanes);
    }
    for (Index i = 0; i < vectors_ * lanes; i += lanes) {
      V f[count];
#pragma GCC unroll 2
      for (int a = 0; a < count; ++a)
        f[a] = hn::Mul(hn::Load(d, parent + i), hn::Load(d, variables + a * width + i));
#pragma GCC unroll 9
      for (int c = 0; c < columns - with_ones; ++c) {
        const V value = hn::Load(d, values + c * width + i);
#pragma GCC unroll 2
        for (int a = 0; a < count; ++a) s[a][c] = hn::MulAdd(f[a], value, s[a][c]);
      }
      if constexpr (with_ones) {
#pragma GCC unroll 2
        for (int a = 0; a < count; ++a) s[a][columns - 1] = hn::Add(s[a][columns - 1], f[a]);
      }
    }
#pragma GCC unroll 2
    for (int a = 0; a < count; ++a) {
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) hn::Store(s[a][c], d, sums + a * stride + c * lanes);
    }
  }

  /// sums[i] += parent * variables[i] for `count` variables.
  HWY_INLINE void add_singles(const T* parent, const T* variables, Index count, T* sums) const {
    for (; count >= 4; count -= 4, variables += 4 * width, sums += 4 * lanes)
      add_variables<4>(parent, variables, sums);
    if (count == 3) add_variables<3>(parent, variables, sums);
    if (count == 2) add_variables<2>(parent, variables, sums);
    if (count == 1) add_variables<1>(parent, variables, sums);
  }
  template <int count>
  HWY_INLINE void add_variables(const T* HWY_RESTRICT parent, const T* HWY_RESTRICT variables,
                                T* HWY_RESTRICT sums) const {
    const hn::ScalableTag<T> d;
    hn::Vec<decltype(d)> s[count];
#pragma GCC unroll 4
    for (int v = 0; v < count; ++v) s[v] = hn::Load(d, sums + v * lanes);
    for (Index i = 0; i < vectors_ * lanes; i += lanes) {
      const auto f = hn::Load(d, parent + i);
#pragma GCC unroll 4
      for (int v = 0; v < count; ++v) s[v] = hn::MulAdd(f, hn::Load(d, variables + v * width + i), s[v]);
    }
#pragma GCC unroll 4
    for (int v = 0; v < count; ++v) hn::Store(s[v], d, sums + v * lanes);
  }

  const MomentShape& shape_;
  const T* centre_;
  hwy::AlignedFreeUniquePtr<T[]> points_, values_;  ///< columns of the stretch's centred keys and values
  hwy::AlignedFreeUniquePtr<T[]> path_;  ///< features of one monomial of each degree; 0 for absent keys
  hwy::AlignedFreeUniquePtr<T[]> sums_;
  Index vectors_ = 0;  ///< of keys in this stretch
};

template <class T>
void moments(const MomentShape& shape, const T* keys, const T* values, Index count, const T* centre,
             double* out) {
  static_assert(keys_per_group % GroupMoments<T>::width == 0);
  GroupMoments<T> sums(shape, centre);
  for (Index group = 0; group < count; group += keys_per_group) {
    const Index end = std::min(count, group + keys_per_group);
    sums.clear();
    for (Index j = group; j < end; j += sums.width)
      sums.add(keys + j * shape.d, values + j * shape.d_v, std::min(sums.width, end - j));
    sums.add_to(out);
  }
}

/// The monomials of a few queries. Those of the highest degree are made where they are used.
template <class T>
struct Features {
  const Monomials& monomials;
  const T* HWY_RESTRICT points;  ///< coordinates, rows of the points
  T* HWY_RESTRICT stored;        ///< one row a monomial; the first is set by the caller

  /// Monomial a at vector i of the points.
  template <bool is_stored>
  HWY_INLINE hn::Vec<hn::ScalableTag<T>> at(Index a, int i) const {
    const hn::ScalableTag<T> d;
    constexpr Index lanes = lanes_of<T>(), width = query_vectors * lanes;
    if constexpr (is_stored) return hn::Load(d, stored + a * width + i * lanes);
    const auto monomial = static_cast<std::size_t>(a);
    return hn::Mul(hn::Load(d, stored + monomials.parent[monomial] * width + i * lanes),
                   hn::Load(d, points + monomials.variable[monomial] * width + i * lanes));
  }

  HWY_INLINE void make(Index count) const {
    const hn::ScalableTag<T> d;
    constexpr Index lanes = lanes_of<T>();
    for (Index a = 1; a < count; ++a) {
#pragma GCC unroll 2
      for (int i = 0; i < query_vectors; ++i)
        hn::Store(at<false>(a, i), d, stored + (a * query_vectors + i) * lanes);
    }
  }
};

/// totals[c] += sum_a weights[a][c] features[a] for `columns` columns and the monomials from .. to-1.
template <bool is_stored, int columns, class T>
HWY_INLINE void dot_products(const T* HWY_RESTRICT weights, Index stride, const Features<T>& features,
                             Index from, Index to, T* HWY_RESTRICT totals) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr Index lanes = lanes_of<T>(), width = query_vectors * lanes;
  for (Index block = from; block < to; block += monomials_per_block) {
    V s[columns][query_vectors];
#pragma GCC unroll 9
    for (int c = 0; c < columns; ++c) s[c][0] = s[c][1] = hn::Zero(d);
    const Index end = std::min(to, block + monomials_per_block);
    for (Index a = block; a < end; ++a) {
      const V f0 = features.template at<is_stored>(a, 0);
      const V f1 = features.template at<is_stored>(a, 1);
#pragma GCC unroll 9
      for (int c = 0; c < columns; ++c) {
        const V weight = hn::Set(d, weights[(a - from) * stride + c]);
        s[c][0] = hn::MulAdd(f0, weight, s[c][0]);
        s[c][1] = hn::MulAdd(f1, weight, s[c][1]);
      }
    }
#pragma GCC unroll 9
    for (int c = 0; c < columns; ++c) {
      T* total = totals + c * width;
      hn::Store(hn::Add(hn::Load(d, total), s[c][0]), d, total);
      hn::Store(hn::Add(hn::Load(d, total + lanes), s[c][1]), d, total + lanes);
    }
  }
}

/// The same for any number of columns, tile by tile.
template <bool is_stored, int columns, class T>
void all_products(const T* weights, Index stride, const Features<T>& features, Index from, Index to,
                  T* totals, Index count) {
  constexpr Index width = query_vectors * lanes_of<T>();
  while (count >= columns) {
    dot_products<is_stored, columns>(weights, stride, features, from, to, totals);
    weights += columns;
    totals += columns * width;
    count -= columns;
  }
  if constexpr (columns > 1) {
    if (count > 0) all_products<is_stored, columns - 1>(weights, stride, features, from, to, totals, count);
  }
}

/// total += sum_a features[a] (sum over a's children of weight * variable) for the monomials from .. to-1:
/// one multiply-add a child, and no feature of theirs.
template <bool is_stored, class T>
HWY_INLINE void children_products(const T* HWY_RESTRICT weights, const MomentShape& shape,
                                  const Features<T>& features, Index from, Index to, T* HWY_RESTRICT total) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr Index lanes = lanes_of<T>(), width = query_vectors * lanes;
  for (Index block = from; block < to; block += monomials_per_block) {
    V s0 = hn::Zero(d), s1 = s0;
    const Index end = std::min(to, block + monomials_per_block);
    for (Index a = block; a < end; ++a) {
      V t0 = hn::Zero(d), t1 = t0;
      for (Index v = features.monomials.variable[static_cast<std::size_t>(a)]; v < shape.d; ++v) {
        const V weight = hn::Set(d, *weights++);
        t0 = hn::MulAdd(weight, hn::Load(d, features.points + v * width), t0);
        t1 = hn::MulAdd(weight, hn::Load(d, features.points + v * width + lanes), t1);
      }
      s0 = hn::MulAdd(features.template at<is_stored>(a, 0), t0, s0);
      s1 = hn::MulAdd(features.template at<is_stored>(a, 1), t1, s1);
    }
    hn::Store(hn::Add(hn::Load(d, total), s0), d, total);
    hn::Store(hn::Add(hn::Load(d, total + lanes), s1), d, total + lanes);
  }
}

template <class T>
void read_out(const MomentShape& shape, const T* weights, const T* queries, Index count, T* sums) {
  constexpr Index width = query_vectors * lanes_of<T>();
  const Index columns = shape.columns(), rows = shape.d + columns + 1, full = shape.full();
  const auto end_of = [&](Index degree) { return shape.monomials.end[static_cast<std::size_t>(degree)]; };
  const Index stored = end_of(std::max<Index>(shape.degree - 1, 0));
  const auto monomials = hwy::AllocateAligned<T>(static_cast<std::size_t>(stored * width));
  const auto points = hwy::AllocateAligned<T>(static_cast<std::size_t>(rows * width));
  T* totals = points.get() + shape.d * width;
  const T* moment_weights = weights + full * columns;
  const Features<T> features{shape.monomials, points.get(), monomials.get()};
  std::fill(features.stored, features.stored + width, T(1));
  for (Index i = 0; i < count; i += width) {
    const Index present = std::min(width, count - i);
    transpose(queries + i * shape.d, present, shape.d, width, points.get());
    features.make(stored);
    std::fill(totals, totals + (columns + 1) * width, T(0));
    all_products<true, tile_columns>(weights, columns, features, 0, stored, totals, columns);
    all_products<false, tile_columns>(weights + stored * columns, columns, features, stored, full, totals,
                                      columns);
    if (shape.moment > shape.degree) {
      children_products<false>(moment_weights, shape, features, stored, full, totals + columns * width);
    } else if (shape.moment > 0) {
      children_products<true>(moment_weights, shape, features, end_of(shape.moment - 2), stored,
                              totals + columns * width);
    }
    for (Index p = 0; p < present; ++p) {
      for (Index c = 0; c <= columns; ++c) sums[(i + p) * (columns + 1) + c] = totals[c * width + p];
    }
  }
}

void moments_single(const MomentShape& shape, const float* keys, const float* values, Index count,
                    const float* centre, double* out) {
  moments(shape, keys, values, count, centre, out);
}
void moments_double(const MomentShape& shape, const double* keys, const double* values, Index count,
                    const double* centre, double* out) {
  moments(shape, keys, values, count, centre, out);
}
void read_single(const MomentShape& shape, const float* weights, const float* queries, Index count,
                 float* sums) {
  read_out(shape, weights, queries, count, sums);
}
void read_double(const MomentShape& shape, const double* weights, const double* queries, Index count,
                 double* sums) {
  read_out(shape, weights, queries, count, sums);
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
void add_moments(const MomentShape& shape, const float* keys, const float* values, Index count,
                 const float* centre, double* moments) {
  HWY_DYNAMIC_DISPATCH(moments_single)(shape, keys, values, count, centre, moments);
}
template <>
void add_moments(const MomentShape& shape, const double* keys, const double* values, Index count,
                 const double* centre, double* moments) {
  HWY_DYNAMIC_DISPATCH(moments_double)(shape, keys, values, count, centre, moments);
}
template <>
void read_moments(const MomentShape& shape, const float* weights, const float* queries, Index count,
                  float* sums) {
  HWY_DYNAMIC_DISPATCH(read_single)(shape, weights, queries, count, sums);
}
template <>
void read_moments(const MomentShape& shape, const double* weights, const double* queries, Index count,
                  double* sums) {
  HWY_DYNAMIC_DISPATCH(read_double)(shape, weights, queries, count, sums);
}
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

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/polynomial_kernel.cpp"

#include <promptbound/attention/targets.hpp>

#include <hwy/foreach_target.h>

#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <promptbound/attention/polynomial_kernel.hpp>

// Lanes are points. The monomials of a few vectors of points are made at once, each from an earlier one, and
// used while they are in the cache: no array of all features exists.

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

constexpr int key_vectors = 4, query_vectors = 2;

template <class T>
constexpr Index lanes_of() {
  return static_cast<Index>(hn::MaxLanes(hn::ScalableTag<T>()));
}

/// The monomials of a few points, as far as others need them: those of the highest degree are made where they
/// are used.
template <class T>
struct Features {
  const Monomials& monomials;
  const T* HWY_RESTRICT points;  ///< coordinates, rows of the points
  T* HWY_RESTRICT
      stored;  ///< one row a monomial; the first is set by the caller: 0 for points that do not exist

  [[nodiscard]] Index stored_count() const {
    return monomials.end.size() < 2 ? monomials.count() : monomials.end[monomials.end.size() - 2];
  }

  /// Monomial a at vector i of the points, each row `vectors` vectors wide.
  template <bool is_stored, int vectors>
  HWY_INLINE hn::Vec<hn::ScalableTag<T>> at(Index a, int i) const {
    const hn::ScalableTag<T> d;
    constexpr Index lanes = lanes_of<T>(), width = vectors * lanes;
    if constexpr (is_stored) return hn::Load(d, stored + a * width + i * lanes);
    const auto monomial = static_cast<std::size_t>(a);
    return hn::Mul(hn::Load(d, stored + monomials.parent[monomial] * width + i * lanes),
                   hn::Load(d, points + monomials.variable[monomial] * width + i * lanes));
  }

  template <int vectors>
  HWY_INLINE void make() const {
    const hn::ScalableTag<T> d;
    constexpr Index lanes = lanes_of<T>();
    const Index count = stored_count();
    for (Index a = 1; a < count; ++a) {
#pragma GCC unroll 4
      for (int i = 0; i < vectors; ++i)
        hn::Store(at<false, vectors>(a, i), d, stored + (a * vectors + i) * lanes);
    }
  }
};

/// Points as columns: coordinates of `count` rows, the rest 0.
template <class T>
HWY_INLINE void transpose(const T* rows, Index count, Index columns, Index width, T* out) {
  for (Index c = 0; c < columns; ++c) {
    for (Index i = 0; i < count; ++i) out[c * width + i] = rows[i * columns + c];
    for (Index i = count; i < width; ++i) out[c * width + i] = 0;
  }
}

/// Columns of the values that are summed in one pass over the keys, and whether the constant 1 is.
struct Pass {
  Index first, columns;
  bool with_ones;

  [[nodiscard]] Index sums() const { return columns + (with_ones ? 1 : 0); }
};

/// sums[a][c] += monomial a * values[c] lane by lane, for `pair` consecutive monomials.
template <bool is_stored, int pair, class T>
HWY_INLINE void add_products(const Features<T>& features, Index first, const T* HWY_RESTRICT values,
                             const Pass& pass, T* HWY_RESTRICT sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr Index lanes = lanes_of<T>(), width = key_vectors * lanes;
  V f[pair][key_vectors];
#pragma GCC unroll 2
  for (int a = 0; a < pair; ++a) {
#pragma GCC unroll 4
    for (int i = 0; i < key_vectors; ++i)
      f[a][i] = features.template at<is_stored, key_vectors>(first + a, i);
  }
  const Index stride = pass.sums() * lanes;
  for (Index c = 0; c < pass.columns; ++c) {
    V s[pair];
#pragma GCC unroll 2
    for (int a = 0; a < pair; ++a) s[a] = hn::Load(d, sums + a * stride + c * lanes);
#pragma GCC unroll 4
    for (int i = 0; i < key_vectors; ++i) {
      const V value = hn::Load(d, values + c * width + i * lanes);
#pragma GCC unroll 2
      for (int a = 0; a < pair; ++a) s[a] = hn::MulAdd(f[a][i], value, s[a]);
    }
#pragma GCC unroll 2
    for (int a = 0; a < pair; ++a) hn::Store(s[a], d, sums + a * stride + c * lanes);
  }
  if (!pass.with_ones) return;
#pragma GCC unroll 2
  for (int a = 0; a < pair; ++a) {
    T* ones = sums + a * stride + pass.columns * lanes;
    const V sum = hn::Add(hn::Add(f[a][0], f[a][1]), hn::Add(f[a][2], f[a][3]));
    hn::Store(hn::Add(hn::Load(d, ones), sum), d, ones);
  }
}

/// add_products for the monomials from .. to-1.
template <bool is_stored, class T>
HWY_INLINE void add_all_products(const Features<T>& features, Index from, Index to, const T* values,
                                 const Pass& pass, T* sums) {
  const Index stride = pass.sums() * lanes_of<T>();
  Index a = from;
  for (; a + 2 <= to; a += 2) add_products<is_stored, 2>(features, a, values, pass, sums + a * stride);
  for (; a < to; ++a) add_products<is_stored, 1>(features, a, values, pass, sums + a * stride);
}

/// Columns in one pass: the sums and the features of a tile should stay in the second-level cache; making the
/// features again for each pass costs less than fetching the sums from further away.
template <class T>
Index columns_per_pass(const MomentShape& shape, Index stored) {
  constexpr Index cache = 768 * 1024, row = lanes_of<T>() * static_cast<Index>(sizeof(T));
  const Index fitting = (cache - stored * key_vectors * row) / (shape.full() * row) - 1;
  return fitting < 2 ? shape.d_v : std::min(fitting, shape.d_v);
}

/// Adds the moments of one pass over one group of keys; `sums` is space for them lane by lane.
template <class T>
void add_group(const MomentShape& shape, const Pass& pass, const T* keys, const T* values, Index count,
               const T* centre, T* points, const Features<T>& features, T* sums, double* out) {
  const hn::ScalableTag<T> d;
  constexpr Index lanes = lanes_of<T>(), width = key_vectors * lanes;
  const Index full = shape.full(), stored = std::min(full, features.stored_count());
  const Index extra = pass.with_ones ? shape.moment_to() - shape.moment_from() : 0;
  T* packed_values = points + shape.d * width;
  T* extra_sums = sums + full * pass.sums() * lanes;
  std::fill(sums, extra_sums + extra * lanes, T(0));
  for (Index j = 0; j < count; j += width) {
    const Index present = std::min(width, count - j);
    transpose(keys + j * shape.d, present, shape.d, width, points);
    for (Index c = 0; c < shape.d; ++c) {
      for (Index i = 0; i < width; ++i) points[c * width + i] -= centre[c];
    }
    transpose(values + j * shape.d_v, present, shape.d_v, width, packed_values);
    for (Index i = 0; i < width; ++i) features.stored[i] = i < present ? T(1) : T(0);
    features.template make<key_vectors>();
    const T* columns = packed_values + pass.first * width;
    add_all_products<true>(features, 0, stored, columns, pass, sums);
    add_all_products<false>(features, stored, full, columns, pass, sums);
    for (Index b = 0; b < extra; ++b) {
      const auto f = [&](int i) HWY_ATTR {
        return features.template at<false, key_vectors>(shape.moment_from() + b, i);
      };
      const auto sum = hn::Add(hn::Add(f(0), f(1)), hn::Add(f(2), f(3)));
      hn::Store(hn::Add(hn::Load(d, extra_sums + b * lanes), sum), d, extra_sums + b * lanes);
    }
  }
  const auto lane_sum = [&](const T* sum) HWY_ATTR {
    return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Load(d, sum))));
  };
  for (Index a = 0; a < full; ++a) {
    for (Index c = 0; c < pass.sums(); ++c)
      out[a * shape.columns() + pass.first + c] += lane_sum(sums + (a * pass.sums() + c) * lanes);
  }
  for (Index b = 0; b < extra; ++b) out[full * shape.columns() + b] += lane_sum(extra_sums + b * lanes);
}

template <class T>
void moments(const MomentShape& shape, const T* keys, const T* values, Index count, const T* centre,
             double* out) {
  constexpr Index lanes = lanes_of<T>(), width = key_vectors * lanes;
  const auto monomials = hwy::AllocateAligned<T>(static_cast<std::size_t>(shape.monomials.count() * width));
  const auto sums = hwy::AllocateAligned<T>(shape.size() * static_cast<std::size_t>(lanes));
  const auto points = hwy::AllocateAligned<T>(static_cast<std::size_t>((shape.d + shape.d_v) * width));
  const Features<T> features{shape.monomials, points.get(), monomials.get()};
  const Index columns = columns_per_pass<T>(shape, features.stored_count());
  for (Index group = 0; group < count; group += keys_per_group) {
    for (Index first = 0; first < shape.d_v; first += columns) {
      const Index here = std::min(columns, shape.d_v - first);
      const Pass pass{first, here, first + here == shape.d_v};
      add_group(shape, pass, keys + group * shape.d, values + group * shape.d_v,
                std::min(keys_per_group, count - group), centre, points.get(), features, sums.get(), out);
    }
  }
}

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
      const V f0 = features.template at<is_stored, query_vectors>(a, 0);
      const V f1 = features.template at<is_stored, query_vectors>(a, 1);
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

template <class T>
void read_out(const MomentShape& shape, const T* weights, const T* queries, Index count, T* sums) {
  constexpr Index width = query_vectors * lanes_of<T>();
  const Index columns = shape.columns(), rows = shape.d + columns + 1;
  const auto monomials = hwy::AllocateAligned<T>(static_cast<std::size_t>(shape.monomials.count() * width));
  const auto points = hwy::AllocateAligned<T>(static_cast<std::size_t>(rows * width));
  T* totals = points.get() + shape.d * width;
  const Features<T> features{shape.monomials, points.get(), monomials.get()};
  const Index stored = std::min(shape.full(), features.stored_count());
  std::fill(features.stored, features.stored + width, T(1));
  for (Index i = 0; i < count; i += width) {
    const Index present = std::min(width, count - i);
    transpose(queries + i * shape.d, present, shape.d, width, points.get());
    features.template make<query_vectors>();
    std::fill(totals, totals + (columns + 1) * width, T(0));
    all_products<true, tile_columns>(weights, columns, features, 0, stored, totals, columns);
    all_products<false, tile_columns>(weights + stored * columns, columns, features, stored, shape.full(),
                                      totals, columns);
    all_products<false, 1>(weights + shape.full() * columns, 1, features, shape.moment_from(),
                           shape.moment_to(), totals + columns * width, 1);
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
Index chain_single() { return keys_per_group / lanes_of<float>() + lanes_of<float>() + key_vectors; }
Index chain_double() { return keys_per_group / lanes_of<double>() + lanes_of<double>() + key_vectors; }

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

// Rows of few numbers to columns and back, lane by lane of vectors. For kernels that are compiled once for
// each instruction set: included by each of them, after highway.h.

#if defined(PROMPTBOUND_TRANSPOSE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PROMPTBOUND_TRANSPOSE_INL
#undef PROMPTBOUND_TRANSPOSE_INL
#else
#define PROMPTBOUND_TRANSPOSE_INL
#endif

#include <algorithm>
#include <type_traits>

#include <hwy/highway.h>

#include <promptbound/numeric/eigen.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
constexpr Index lanes_of() {
  return static_cast<Index>(hn::MaxLanes(hn::ScalableTag<T>()));
}

/// `times` times: the numbers at even places of all vectors, then those at odd places. With 2^k vectors of
/// 2^l lanes, k times make rows of 2^k numbers columns, and l times columns rows.
template <int times, int vectors, class T, class V>
HWY_INLINE void unshuffle([[maybe_unused]] V (&v)[vectors]) {
#if HWY_TARGET != HWY_SCALAR  // where it is no change
  const hn::ScalableTag<T> d;
  if constexpr (vectors > 1) {
#pragma GCC unroll 4
    for (int time = 0; time < times; ++time) {
      V odd[vectors / 2];
#pragma GCC unroll 8
      for (int i = 0; i < vectors / 2; ++i) {
        odd[i] = hn::ConcatOdd(d, v[2 * i + 1], v[2 * i]);
        v[i] = hn::ConcatEven(d, v[2 * i + 1], v[2 * i]);
      }
#pragma GCC unroll 8
      for (int i = 0; i < vectors / 2; ++i) v[vectors / 2 + i] = odd[i];
    }
  }
#endif
}

constexpr int log2_of(Index count) { return count < 2 ? 0 : 1 + log2_of(count / 2); }

/// Calls body(std::integral_constant<int, columns>) for 1, 2, 4 and 8 columns; false for others.
template <class Body>
HWY_INLINE bool for_power_of_two(Index columns, Body body) {
  if (columns == 1) return body(std::integral_constant<int, 1>()), true;
  if (columns == 2) return body(std::integral_constant<int, 2>()), true;
  if (columns == 4) return body(std::integral_constant<int, 4>()), true;
  if (columns == 8) return body(std::integral_constant<int, 8>()), true;
  return false;
}

/// out[c * width + i] = change(rows[i * columns + c], c) for `count` rows, whole vectors at a time; 0 for the
/// rest of the width.
template <class T, class Change>
HWY_INLINE void to_columns(const T* HWY_RESTRICT rows, Index count, Index columns, Index width,
                           T* HWY_RESTRICT out, Change change) {
  constexpr Index lanes = lanes_of<T>();
  const hn::ScalableTag<T> d;
  Index done = 0;
  for_power_of_two(columns, [&](auto constant) HWY_ATTR {
    constexpr int vectors = constant;
    for (; done + lanes <= count; done += lanes) {
      hn::Vec<decltype(d)> v[vectors];
#pragma GCC unroll 8
      for (int c = 0; c < vectors; ++c) v[c] = hn::LoadU(d, rows + done * vectors + c * lanes);
      unshuffle<log2_of(vectors), vectors, T>(v);
#pragma GCC unroll 8
      for (int c = 0; c < vectors; ++c) hn::StoreU(change(v[c], c), d, out + c * width + done);
    }
  });
  for (Index c = 0; c < columns; ++c) {
    T* column = out + c * width;
    for (Index i = done; i < count; ++i) column[i] = rows[i * columns + c];
    std::fill(column + count, column + width, T(0));
    for (Index i = done; i < count; i += lanes) {
      const auto is_there = hn::FirstN(d, static_cast<std::size_t>(count - i));
      hn::StoreU(hn::IfThenElseZero(is_there, change(hn::LoadU(d, column + i), c)), d, column + i);
    }
  }
}

/// The other way: rows[i * columns + c] = in[c * width + i] for `count` rows.
template <class T>
HWY_INLINE void to_rows(const T* HWY_RESTRICT in, Index count, Index columns, Index width,
                        T* HWY_RESTRICT rows) {
  constexpr Index lanes = lanes_of<T>();
  Index done = 0;
  for_power_of_two(columns, [&](auto constant) HWY_ATTR {
    constexpr int vectors = constant;
    const hn::ScalableTag<T> d;
    for (; done + lanes <= count; done += lanes) {
      hn::Vec<decltype(d)> v[vectors];
#pragma GCC unroll 8
      for (int c = 0; c < vectors; ++c) v[c] = hn::LoadU(d, in + c * width + done);
      unshuffle<log2_of(lanes), vectors, T>(v);
#pragma GCC unroll 8
      for (int c = 0; c < vectors; ++c) hn::StoreU(v[c], d, rows + done * vectors + c * lanes);
    }
  });
  for (Index i = done; i < count; ++i) {
    for (Index c = 0; c < columns; ++c) rows[i * columns + c] = in[c * width + i];
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#endif

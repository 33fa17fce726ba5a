// Scores of a panel of queries and their weights, for the exact kernel; included once per target by Highway.
// Lanes are queries: a panel is two vectors of them, packed with the coordinates as rows, so that no sum runs
// across lanes. Keys are read as they lie, one entry broadcast at a time. Scores are in powers of two, in
// units of Powers' own: unit log2(e) is folded into the queries.
#if defined(PROMPTBOUND_ATTENTION_WEIGHTS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PROMPTBOUND_ATTENTION_WEIGHTS_INL
#undef PROMPTBOUND_ATTENTION_WEIGHTS_INL
#else
#define PROMPTBOUND_ATTENTION_WEIGHTS_INL
#endif

#include <limits>
#include <type_traits>

#include <hwy/highway.h>

#include <promptbound/attention/exp2-inl.hpp>
#include <promptbound/numeric/eigen.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

constexpr int tile_keys = 4;  // 8 sums

/// What a panel of queries keeps between blocks of keys.
template <class T>
struct Panel {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr Index lanes = static_cast<Index>(hn::MaxLanes(D()));
  static constexpr Index rows = 2 * lanes;

  const T* q;      ///< d x rows
  T* sums;         ///< d_v x rows: sum of weight * value
  T* total;        ///< rows: sum of weights
  T* offset;       ///< rows: what is subtracted from scores, a bound or the maximum so far
  const T* limit;  ///< rows: keys that the query sees
  bool is_bounded;
};

/// Adds coordinate c to the scores of `keys` consecutive keys.
template <int keys, class D, class V, class T>
HWY_INLINE void add_coordinate(D d, const T* HWY_RESTRICT q, const T* HWY_RESTRICT k, Index width, Index c,
                               V (&s)[keys][2]) {
  constexpr Index lanes = Panel<T>::lanes;
  const V q0 = hn::Load(d, q + c * 2 * lanes), q1 = hn::Load(d, q + c * 2 * lanes + lanes);
#pragma GCC unroll 8
  for (int j = 0; j < keys; ++j) {
    const V entry = hn::Set(d, k[j * width + c]);
    s[j][0] = hn::MulAdd(q0, entry, s[j][0]);
    s[j][1] = hn::MulAdd(q1, entry, s[j][1]);
  }
}

template <int keys, class V>
HWY_INLINE void set_to(V start0, V start1, V (&s)[keys][2]) {
#pragma GCC unroll 8
  for (int j = 0; j < keys; ++j) {
    s[j][0] = start0;
    s[j][1] = start1;
  }
}

/// Adds the coordinates from c on, the even ones and the odd ones each in a chain of their own: the
/// multiply-adds of one chain wait for each other.
template <int keys, class D, class V, class T>
HWY_INLINE void add_rest(D d, const T* HWY_RESTRICT q, const T* HWY_RESTRICT k, Index width, Index c,
                         V (&s)[keys][2]) {
  if (c + 1 < width) {
    V odd[keys][2];
    set_to(hn::Zero(d), hn::Zero(d), odd);
    for (; c + 1 < width; c += 2) {
      add_coordinate(d, q, k, width, c, s);
      add_coordinate(d, q, k, width, c + 1, odd);
    }
#pragma GCC unroll 8
    for (int j = 0; j < keys; ++j) {
      s[j][0] = hn::Add(s[j][0], odd[j][0]);
      s[j][1] = hn::Add(s[j][1], odd[j][1]);
    }
  }
  if (c < width) add_coordinate(d, q, k, width, c, s);
}

/// Scores of `keys` consecutive keys, on top of `start`.
template <int keys, class D, class V, class T>
HWY_INLINE void scores(D d, const T* HWY_RESTRICT q, const T* HWY_RESTRICT k, Index width, V start0, V start1,
                       V (&s)[keys][2]) {
  set_to(start0, start1, s);
  add_rest(d, q, k, width, 0, s);
}

/// Calls body(tag of the number of keys, first key) over a block, whole tiles first.
template <class Body>
HWY_INLINE void for_each_tile(Index count, Body body) {
  Index j = 0;
  for (; j + tile_keys <= count; j += tile_keys) body(std::integral_constant<int, tile_keys>(), j);
  for (; j < count; ++j) body(std::integral_constant<int, 1>(), j);
}

/// w where the query sees key j, else 0.
template <bool masked, class D, class V, class T>
HWY_INLINE V seen(D d, V w, const T* limit, Index j) {
  if constexpr (masked) {
    return hn::IfThenElseZero(hn::Lt(hn::Set(d, static_cast<T>(j)), hn::Load(d, limit)), w);
  } else {
    return w;
  }
}

/// Weights of key first + j to row j of `weights`, where the queries see it.
template <bool masked, class V, class T>
HWY_INLINE void store_seen(V w0, V w1, const T* limit, Index first, Index j, T* HWY_RESTRICT weights) {
  const hn::ScalableTag<T> d;
  constexpr Index lanes = Panel<T>::lanes;
  hn::Store(seen<masked>(d, w0, limit, first + j), d, weights + j * 2 * lanes);
  hn::Store(seen<masked>(d, w1, limit + lanes, first + j), d, weights + j * 2 * lanes + lanes);
}

/// Weights of a tile of keys under way, from their scores: their steps lie between the multiply-adds of the
/// first `head` coordinates of the next tile's scores.
template <template <class, int> class AnyPowers, bool masked, class T>
struct TileWeights {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;
  static constexpr int steps = AnyPowers<D, 2>::steps, all_steps = tile_keys * steps;
  static constexpr Index lanes = Panel<T>::lanes;

  const T* limit;
  AnyPowers<D, 2> powers[tile_keys];

  HWY_INLINE void start(const V (&s)[tile_keys][2]) {
#pragma GCC unroll 8
    for (int j = 0; j < tile_keys; ++j) {
      powers[j].x[0] = s[j][0];
      powers[j].x[1] = s[j][1];
    }
  }

  /// Steps from..to-1 of all keys in turn; a key's weights are stored when they are ready.
  template <int from, int to>
  HWY_INLINE void take(Index first, T* weights) {
    if constexpr (from < to) {
      constexpr int j = from / steps, step = from % steps;
      powers[j].template take<step>();
      if constexpr (step == steps - 1)
        store_seen<masked>(powers[j].x[0], powers[j].x[1], limit, first, j, weights);
      take<from + 1, to>(first, weights);
    }
  }

  /// Takes all steps beside the first `head` coordinates of the next scores.
  template <int head, int c = 0>
  HWY_INLINE void take_beside(Index first, T* weights, const T* q, const T* k, Index width,
                              V (&s)[tile_keys][2]) {
    if constexpr (c < head) {
      add_coordinate(D(), q, k, width, c, s);
      take<all_steps * c / head, all_steps*(c + 1) / head>(first, weights);
      take_beside<head, c + 1>(first, weights, q, k, width, s);
    }
  }
};

/// Weights 2^(score - bound) of a block of keys; the sums start at -bound, which makes the subtraction free.
/// `head`: at most the width.
template <template <class, int> class AnyPowers, int head, bool masked, class T>
HWY_INLINE void bounded_weights(const Panel<T>& panel, const T* k, Index first, Index count, Index width,
                                T* weights) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr Index lanes = Panel<T>::lanes;
  const V start0 = hn::Neg(hn::Load(d, panel.offset)), start1 = hn::Neg(hn::Load(d, panel.offset + lanes));
  TileWeights<AnyPowers, masked, T> tile;
  tile.limit = panel.limit;
  const Index whole = count - count % tile_keys;
  V s[tile_keys][2];
  if (whole > 0) scores<tile_keys>(d, panel.q, k, width, start0, start1, s);
  for (Index j = 0; j < whole; j += tile_keys) {
    tile.start(s);
    T* const to = weights + j * 2 * lanes;
    if (j + tile_keys < whole) {
      const T* next = k + (j + tile_keys) * width;
      set_to(start0, start1, s);
      tile.template take_beside<head>(first + j, to, panel.q, next, width, s);
      add_rest(d, panel.q, next, width, head, s);
    } else {
      tile.template take<0, tile.all_steps>(first + j, to);
    }
  }
  for (Index j = whole; j < count; ++j) {
    V x[1][2];
    scores<1>(d, panel.q, k + j * width, width, start0, start1, x);
    store_seen<masked>(power<AnyPowers>(d, x[0][0]), power<AnyPowers>(d, x[0][1]), panel.limit, first, j,
                       weights);
  }
}

/// The same with the running maximum; what was summed before is scaled by the returned factors' powers.
template <template <class, int> class AnyPowers, bool masked, class T>
HWY_INLINE void running_weights(const Panel<T>& panel, const T* k, Index first, Index count, Index width,
                                T* weights, hn::Vec<hn::ScalableTag<T>>& scale0,
                                hn::Vec<hn::ScalableTag<T>>& scale1) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr Index lanes = Panel<T>::lanes;
  const V old0 = hn::Load(d, panel.offset), old1 = hn::Load(d, panel.offset + lanes);
  const V never = hn::Set(d, std::numeric_limits<T>::lowest() / 4);
  V top0 = old0, top1 = old1;
  for_each_tile(count, [&](auto tag, Index j) HWY_ATTR {
    constexpr int keys = decltype(tag)::value;
    V s[keys][2];
    scores<keys>(d, panel.q, k + j * width, width, hn::Zero(d), hn::Zero(d), s);
#pragma GCC unroll 8
    for (int i = 0; i < keys; ++i) {
      hn::Store(s[i][0], d, weights + (j + i) * 2 * lanes);
      hn::Store(s[i][1], d, weights + (j + i) * 2 * lanes + lanes);
      if constexpr (masked) {
        const V key = hn::Set(d, static_cast<T>(first + j + i));
        s[i][0] = hn::IfThenElse(hn::Lt(key, hn::Load(d, panel.limit)), s[i][0], never);
        s[i][1] = hn::IfThenElse(hn::Lt(key, hn::Load(d, panel.limit + lanes)), s[i][1], never);
      }
      top0 = hn::Max(top0, s[i][0]);
      top1 = hn::Max(top1, s[i][1]);
    }
  });
  for_each_tile(count, [&](auto tag, Index j) HWY_ATTR {
    constexpr int keys = decltype(tag)::value;
    const V zero = hn::Zero(d);
    AnyPowers<decltype(d), 2 * keys> powers;
#pragma GCC unroll 8
    for (int i = 0; i < 2 * keys; ++i) {
      const V x = hn::Sub(hn::Load(d, weights + (2 * j + i) * lanes), i % 2 == 0 ? top0 : top1);
      // A score that is not seen may lie above the maximum of those that are.
      powers.x[i] = powers.in_range(masked ? hn::Min(x, zero) : x);
    }
    take_all(powers);
#pragma GCC unroll 4
    for (int i = 0; i < keys; ++i)
      store_seen<masked>(powers.x[2 * i], powers.x[2 * i + 1], panel.limit, first, j + i, weights);
  });
  scale0 = power<AnyPowers>(d, hn::Sub(old0, top0));
  scale1 = power<AnyPowers>(d, hn::Sub(old1, top1));
  hn::Store(top0, d, panel.offset);
  hn::Store(top1, d, panel.offset + lanes);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#endif

// What the kernels of polynomial attention for keys and for queries share: lanes are points. Features are
// made for a stretch of points; then moments are sums over points of monomial * value, and the read-out sums
// over monomials of weight * monomial: matrix products, tile by tile in registers, where the monomials are
// made of features (moment_layout.hpp).

#if defined(PROMPTBOUND_FEATURES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PROMPTBOUND_FEATURES_INL
#undef PROMPTBOUND_FEATURES_INL
#else
#define PROMPTBOUND_FEATURES_INL
#endif

#include <hwy/aligned_allocator.h>

#include <promptbound/attention/polynomial/moment_layout.hpp>
#include <promptbound/attention/transpose-inl.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3
constexpr int tile_columns = 9, tile_rows = 3;  // 27 sums of 32 registers
#else
constexpr int tile_columns = 5, tile_rows = 2;  // 10 sums of 16 registers
#endif

template <class T>
hwy::AlignedFreeUniquePtr<T[]> allocate(Index count) {
  return hwy::AllocateAligned<T>(static_cast<std::size_t>(count));
}

/// out[i] = a[i] b[i].
template <class T>
HWY_INLINE void multiply(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, Index count, T* HWY_RESTRICT out) {
  const hn::ScalableTag<T> d;
  for (Index i = 0; i < count; i += lanes_of<T>())
    hn::Store(hn::Mul(hn::Load(d, a + i), hn::Load(d, b + i)), d, out + i);
}

/// The features of points, one row of `width` numbers each: the first is 1, and the points are in the next d
/// rows.
template <class T>
HWY_INLINE void make_features(const MomentLayout& layout, Index width, Index count, T* features) {
  for (Index a = layout.d + 1; a < layout.features(); ++a) {
    const auto feature = static_cast<std::size_t>(a);
    multiply(features + layout.parent[feature] * width, features + (layout.variable[feature] + 1) * width,
             count, features + a * width);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#endif

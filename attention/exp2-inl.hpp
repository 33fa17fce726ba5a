// Powers of two in the lanes of a vector, for each instruction set (included once per target by Highway).
#if defined(PROMPTBOUND_ATTENTION_EXP2_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PROMPTBOUND_ATTENTION_EXP2_INL
#undef PROMPTBOUND_ATTENTION_EXP2_INL
#else
#define PROMPTBOUND_ATTENTION_EXP2_INL
#endif

#include <hwy/highway.h>

#include <promptbound/attention/exp_coefficients.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// y 2^floor(n) for y in [1/2, 4): flushed or gradually underflowing below the normal range, n <= 100.
template <class D, class V>
HWY_INLINE V scale_by_power(D d, V y, V n) {
#if HWY_TARGET <= HWY_AVX3
  (void)d;
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return V{_mm512_scalef_ps(y.raw, n.raw)};
  } else {
    return V{_mm512_scalef_pd(y.raw, n.raw)};
  }
#else
  // The exponent field of a power of two, built in integers; below the smallest normal exponent the result is
  // 0.
  using T = hn::TFromD<D>;
  using I = hwy::MakeSigned<T>;
  const hn::Rebind<I, D> di;
  constexpr int mantissa_bits = sizeof(T) == 4 ? 23 : 52;
  constexpr I bias = sizeof(T) == 4 ? 127 : 1023;
  const V least = hn::Set(d, static_cast<T>(1 - bias));
  const auto exponent = hn::Add(hn::ConvertTo(di, hn::Floor(hn::Max(n, least))), hn::Set(di, bias));
  const V power = hn::BitCast(d, hn::ShiftLeft<mantissa_bits>(exponent));
  return hn::IfThenElseZero(hn::Ge(n, least), hn::Mul(y, power));
#endif
}

/// 2^x for finite x <= 100, binary32: x = n + f with n the nearest integer, f exact.
template <class D>
HWY_INLINE hn::Vec<D> power_of_two_single(D d, hn::Vec<D> x) {
  using namespace exp_coefficients;
  const auto n = hn::Round(x);
  const auto f = hn::Sub(x, n);
  auto p = hn::Set(d, single[4]);
  p = hn::MulAdd(p, f, hn::Set(d, single[3]));
  p = hn::MulAdd(p, f, hn::Set(d, single[2]));
  p = hn::MulAdd(p, f, hn::Set(d, single[1]));
  p = hn::MulAdd(p, f, hn::Set(d, single[0]));
  p = hn::MulAdd(p, f, hn::Set(d, 1.0F));
  return scale_by_power(d, p, n);
}

/// 2^(j/16) for the low four bits j of each lane of t.
template <class D>
HWY_INLINE hn::Vec<D> sixteenth(D d, hn::Vec<D> t) {
  using namespace exp_coefficients;
#if HWY_TARGET <= HWY_AVX3
  return hn::Vec<D>{_mm512_permutex2var_pd(hn::Load(d, sixteenths).raw, _mm512_castpd_si512(t.raw),
                                           hn::Load(d, sixteenths + 8).raw)};
#else
  const hn::RebindToSigned<D> di;
  return hn::GatherIndex(d, sixteenths, hn::And(hn::BitCast(di, t), hn::Set(di, 15)));
#endif
}

/// 2^x for finite x <= 100, binary64: x = n + j/16 + f with f exact and |f| <= 1/32.
template <class D>
HWY_INLINE hn::Vec<D> power_of_two_double(D d, hn::Vec<D> x) {
  using namespace exp_coefficients;
  // Adding 1.5 * 2^48 rounds to multiples of 1/16 and leaves 16 (n + j/16) in the low bits.
  const auto magic = hn::Set(d, 0x1.8p48);
  const auto shifted = hn::Add(x, magic);
  const auto rounded = hn::Sub(shifted, magic);
  const auto f = hn::Sub(x, rounded);
  auto p = hn::Set(d, fine[5]);
  p = hn::MulAdd(p, f, hn::Set(d, fine[4]));
  p = hn::MulAdd(p, f, hn::Set(d, fine[3]));
  p = hn::MulAdd(p, f, hn::Set(d, fine[2]));
  p = hn::MulAdd(p, f, hn::Set(d, fine[1]));
  p = hn::MulAdd(p, f, hn::Set(d, fine[0]));
  p = hn::Mul(p, f);
  const auto root = sixteenth(d, shifted);
  return scale_by_power(d, hn::MulAdd(root, p, root), rounded);
}

/// 2^x for finite x <= 100, within exp_coefficients::error relative where 2^x is normal.
template <class D>
HWY_INLINE hn::Vec<D> power_of_two(D d, hn::Vec<D> x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return power_of_two_single(d, x);
  } else {
    return power_of_two_double(d, x);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#endif

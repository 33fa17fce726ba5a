// Powers of two for processors whose additions and multiplications share their vector units, where each
// operation counts alike (included once per target by Highway).
#if defined(PROMPTBOUND_ATTENTION_SCALED_EXP2_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PROMPTBOUND_ATTENTION_SCALED_EXP2_INL
#undef PROMPTBOUND_ATTENTION_SCALED_EXP2_INL
#else
#define PROMPTBOUND_ATTENTION_SCALED_EXP2_INL
#endif

#include <hwy/highway.h>

#include <promptbound/attention/exp_coefficients.hpp>

#if HWY_TARGET <= HWY_AVX3

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// As Powers (exp2-inl.hpp), with the unit 1 and for every finite x up to 100: 7 operations in binary32 and
/// 11 in binary64, in place of 11 and 16. Below the normal range the results are rounded once more.
template <class D, int count>
struct ScaledPowers {
  using V = hn::Vec<D>;
  using T = hn::TFromD<D>;
  static constexpr T unit = 1;
  static constexpr int steps = sizeof(T) == 4 ? 7 : 11;

  V x[count];  ///< the argument at first, the power after the last step

  HWY_INLINE static V in_range(V x) { return x; }

  template <int step>
  HWY_INLINE void take() {
#pragma GCC unroll 8
    for (int i = 0; i < count; ++i) {
      if constexpr (sizeof(T) == 4) {
        take_single<step>(x[i], f_[i], p_[i]);
      } else {
        take_double<step>(x[i], f_[i], p_[i], t_[i]);
      }
    }
  }

 private:
  /// x less the next multiple of 2^-bits below.
  template <int bits>
  HWY_INLINE static V rest(V x) {
    constexpr int down_without_exception = (bits << 4) | 9;
    if constexpr (sizeof(T) == 4) {
      return {_mm512_reduce_ps(x.raw, down_without_exception)};
    } else {
      return {_mm512_reduce_pd(x.raw, down_without_exception)};
    }
  }

  template <int step>
  HWY_INLINE static void take_single(V& x, V& f, V& p) {
    using exp_coefficients::scaled_single;
    const D d;
    if constexpr (step == 0) {
      f = rest<0>(x);
    } else if constexpr (step == 1) {
      p = hn::MulAdd(f, hn::Set(d, scaled_single[0]), hn::Set(d, scaled_single[1]));
    } else if constexpr (step < 5) {
      p = hn::MulAdd(f, p, hn::Set(d, scaled_single[step]));
    } else if constexpr (step == 5) {
      p = hn::MulAdd(f, p, hn::Set(d, 1.0F));
    } else {
      x = V{_mm512_scalef_ps(p.raw, x.raw)};
    }
  }

  template <int step>
  HWY_INLINE static void take_double(V& x, V& f, V& p, V& t) {
    using namespace exp_coefficients;
    const D d;
    if constexpr (step == 0) {
      f = rest<4>(x);
    } else if constexpr (step == 1) {
      // Leaves 16 n + j in the low bits.
      t = V{_mm512_add_round_pd(x.raw, _mm512_set1_pd(0x1.8p48), _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
    } else if constexpr (step == 2) {
      t = V{_mm512_permutex2var_pd(hn::Load(d, double_sixteenths).raw, _mm512_castpd_si512(t.raw),
                                   hn::Load(d, double_sixteenths + 8).raw)};
    } else if constexpr (step == 3) {
      p = hn::MulAdd(f, hn::Set(d, scaled_double[0]), hn::Set(d, scaled_double[1]));
    } else if constexpr (step < 8) {
      p = hn::MulAdd(f, p, hn::Set(d, scaled_double[step - 2]));
    } else if constexpr (step == 8) {
      f = hn::Mul(f, t);
    } else if constexpr (step == 9) {
      p = hn::MulAdd(f, p, t);
    } else {
      x = V{_mm512_scalef_pd(p.raw, x.raw)};
    }
  }

  V f_[count], p_[count], t_[count];
};

}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#endif
#endif

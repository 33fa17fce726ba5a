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

/// The entry of the table at the low bits of each lane of `index`.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToSigned<D>> entry_bits(D d, hn::Vec<hn::RebindToSigned<D>> index) {
  using T = hn::TFromD<D>;
  const hn::RebindToSigned<decltype(d)> di;
  const auto* table = exp_coefficients::table_bits<T>.data();
#if HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(T) == 4) {
    return {_mm512_permutexvar_epi32(index.raw, hn::Load(di, table).raw)};
  } else {
    return {_mm512_permutexvar_epi64(index.raw, hn::Load(di, table).raw)};
  }
#else
#if HWY_TARGET == HWY_AVX2
  if constexpr (sizeof(T) == 4) {
    // Two halves of the table; bit 3 of the index says which.
    const auto half = [&](int first) HWY_ATTR {
      return _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(hn::Load(di, table + first).raw, index.raw));
    };
    const __m256 which = _mm256_castsi256_ps(_mm256_slli_epi32(index.raw, 28));
    return {_mm256_castps_si256(_mm256_blendv_ps(half(0), half(8), which))};
  }
#endif
  return hn::GatherIndex(di, table, hn::And(index, hn::Set(di, (1 << exp_coefficients::index_bits<T>)-1)));
#endif
}

/// Powers 2^(x/unit) of several vectors, for x/unit from the least normal exponent to 100, within
/// exp_coefficients::error relative. Few of their operations are multiplications: additions and shifts have
/// units of their own on most processors. They are taken step by step, so that a loop can lay the
/// multiplications of other work between them; processors do not look far enough ahead to find it themselves.
template <class D, int count>
struct Powers {
  using V = hn::Vec<D>;
  using T = hn::TFromD<D>;
  static constexpr T unit = exp_coefficients::unit<T>;
  static constexpr int steps = sizeof(T) == 4 ? 6 : 10;
  /// The least argument: the power's exponent field is 0, and so is its mantissa.
  static constexpr T least_argument = (sizeof(T) == 4 ? T(-127) : T(-1023)) * unit;

  V x[count];  ///< the argument at first, the power after the last step

  HWY_INLINE static V in_range(V x) { return hn::Max(x, hn::Set(D(), least_argument)); }

  template <int step>
  HWY_INLINE void take() {
#pragma GCC unroll 8
    for (int i = 0; i < count; ++i) {
      if constexpr (step == 0) {
        shifted_[i] = hn::Add(x[i], magic());
      } else if constexpr (step == 1) {
        x[i] = hn::Sub(x[i], hn::Sub(shifted_[i], magic()));
      } else if constexpr (step == steps - 2) {
        p_[i] = hn::Mul(p_[i], x[i]);
      } else if constexpr (step == steps - 1) {
        finish(i);
      } else {
        polynomial<step - 2>(x[i], p_[i], w_[i]);
      }
    }
  }

 private:
  static constexpr int mantissa_bits = exp_coefficients::mantissa_bits<T>;
  static constexpr int index_shift = mantissa_bits - exp_coefficients::index_bits<T>;

  /// 1.5 * 2^mantissa_bits times unit/N: adding it rounds to multiples of unit/N and leaves n N + j in the
  /// low bits.
  HWY_INLINE static V magic() {
    constexpr T places = static_cast<T>(std::int64_t{1} << (index_shift - exp_coefficients::unit_bits<T>));
    return hn::Set(D(), T(1.5) * places);
  }

  /// Step by step P(g) to p; binary64 needs w.
  template <int step>
  HWY_INLINE static void polynomial(V g, V& p, V& w) {
    using namespace exp_coefficients;
    const D d;
    if constexpr (sizeof(T) == 4) {
      if constexpr (step == 0) p = hn::Add(g, hn::Set(d, single[0]));
      if constexpr (step == 1) p = hn::MulAdd(p, g, hn::Set(d, single[1]));
    } else {
      if constexpr (step == 0) {
        p = hn::Add(g, hn::Set(d, fine[0]));
        w = hn::Add(g, hn::Set(d, fine[2]));
      }
      if constexpr (step == 1) p = hn::MulAdd(p, g, hn::Set(d, fine[1]));
      if constexpr (step == 2) w = hn::MulAdd(w, p, hn::Set(d, fine[3]));
      if constexpr (step == 3) p = hn::Add(p, hn::Set(d, fine[4]));
      if constexpr (step == 4) p = hn::Add(w, p);
      if constexpr (step == 5) p = hn::MulAdd(p, w, hn::Set(d, fine[5]));
    }
  }

  HWY_INLINE void finish(int i) {
    const D d;
    const hn::RebindToSigned<D> di;
    using Bits = hn::TFromD<decltype(di)>;
    const auto index = hn::BitCast(di, shifted_[i]);
    const auto root = hn::Add(entry_bits(d, index), hn::ShiftLeft<index_shift>(index));
    const auto scaled = hn::Add(root, hn::Set(di, Bits{exp_coefficients::factor_bits<T>} << mantissa_bits));
    x[i] = hn::MulAdd(hn::BitCast(d, scaled), p_[i], hn::BitCast(d, root));
  }

  V shifted_[count], p_[count], w_[count];
};

template <class AnyPowers, int from = 0>
HWY_INLINE void take_all(AnyPowers& powers) {
  if constexpr (from < AnyPowers::steps) {
    powers.template take<from>();
    take_all<AnyPowers, from + 1>(powers);
  }
}

/// 2^(x/unit) for every finite x up to 100 units; below the normal range within the least normal number.
template <template <class, int> class AnyPowers, class D>
HWY_INLINE hn::Vec<D> power([[maybe_unused]] D d, hn::Vec<D> x) {
  AnyPowers<D, 1> power;
  power.x[0] = power.in_range(x);
  take_all(power);
  return power.x[0];
}

/// 2^x for finite x up to 100.
template <class D>
HWY_INLINE hn::Vec<D> power_of_two(D d, hn::Vec<D> x) {
  return power<Powers>(d, hn::Mul(x, hn::Set(d, exp_coefficients::unit<hn::TFromD<D>>)));
}

}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#endif

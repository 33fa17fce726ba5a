#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention/exp2.cpp"

#include <promptbound/numeric/matrices/instruction_sets.hpp>

#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#include <promptbound/attention/exp2-inl.hpp>
#include <promptbound/attention/scaled_exp2-inl.hpp>

// The vector powers of two themselves, in each instruction set and in both ways.

#ifndef PROMPTBOUND_TESTS_ATTENTION_EXP2_WAY
#define PROMPTBOUND_TESTS_ATTENTION_EXP2_WAY
namespace promptbound {
enum class Way { few_multiplications, scaled };
}
#endif

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

/// x <- 2^x for a whole number of vectors.
template <template <class, int> class AnyPowers, class T>
void powers(T* x, std::size_t count) {
  const hn::ScalableTag<T> d;
  const auto unit = hn::Set(d, AnyPowers<decltype(d), 1>::unit);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d))
    hn::StoreU(power<AnyPowers>(d, hn::Mul(hn::LoadU(d, x + i), unit)), d, x + i);
}
/// Returns false where the instruction set does not have the way.
template <class T>
bool powers_in(Way way, T* x, std::size_t count) {
  if (way == Way::few_multiplications) {
    powers<Powers>(x, count);
    return true;
  }
#if HWY_TARGET <= HWY_AVX3
  powers<ScaledPowers>(x, count);
  return true;
#else
  return false;
#endif
}
bool powers_single(Way way, float* x, std::size_t count) { return powers_in(way, x, count); }
bool powers_double(Way way, double* x, std::size_t count) { return powers_in(way, x, count); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/types.hpp>

#include "attention/arrays.hpp"
#include "attention/instruction_sets.hpp"

namespace promptbound {
namespace {

HWY_EXPORT(powers_single);
HWY_EXPORT(powers_double);

/// Calls body(x -> 2^x, as the kernels compute it) for each instruction set and way; the number of arguments
/// is to be a multiple of 16.
template <class T, class Body>
void for_each_power(Body body) {
  for_each_instruction_set([&] {
    for (const Way way : {Way::few_multiplications, Way::scaled}) {
      const auto compute = [way](std::vector<T>& x) {
        if constexpr (std::is_same_v<T, float>) {
          return HWY_DYNAMIC_DISPATCH(powers_single)(way, x.data(), x.size());
        } else {
          return HWY_DYNAMIC_DISPATCH(powers_double)(way, x.data(), x.size());
        }
      };
      std::vector<T> probe(16, T(0));
      if (!compute(probe)) continue;
      CAPTURE(static_cast<int>(way));
      body([&](std::vector<T> x) {
        compute(x);
        return x;
      });
    }
  });
}

template <class T>
constexpr int least_exponent = std::numeric_limits<T>::min_exponent - 1;

template <class T>
Real in_real(T x) {
  return Real(static_cast<double>(x));
}

}  // namespace

TEST_CASE_TEMPLATE("powers of two are within the proved error wherever they are normal", T, float, double) {
  const WorkingPrecision scope(120);
  for_each_power<T>([](const auto& powers_of) {
    RandomDoubles random(1);
    std::vector<T> x;
    x.reserve(10000);
    for (int i = 0; i < 4000; ++i) x.push_back(static_cast<T>(random.between(least_exponent<T>, 100)));
    for (int i = 0; i < 4000; ++i) x.push_back(static_cast<T>(random.between(-1, 1)));
    // The ends of the ranges that one table entry serves, and what lies beside them.
    for (int i = -256; i < 256; ++i) {
      const T end = static_cast<T>(i) / 32;
      for (const T near : {end, std::nextafter(end, T(-1000)), std::nextafter(end, T(1000))})
        x.push_back(near);
    }
    // Just below 0 the scaled way's part f is rounded to its end.
    for (int i = 1; i < 100; ++i) x.push_back(-std::ldexp(T(1), -i));
    x.resize(x.size() / 16 * 16);
    const std::vector<T> computed = powers_of(x);
    Real largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Real power = exp2(in_real(x[i]));
      largest = std::max(largest, Real(abs(in_real(computed[i]) - power) / power));
    }
    CHECK(largest <= Real(exp_coefficients::error<T>));
    CHECK(largest > Real(exp_coefficients::error<T> / 3));  // the bound is no idle one
  });
}

TEST_CASE_TEMPLATE("whole powers of two are exact", T, float, double) {
  for_each_power<T>([](const auto& powers_of) {
    std::vector<T> x;
    for (int i = least_exponent<T>; i <= 100; ++i) x.push_back(static_cast<T>(i));
    while (x.size() % 16 != 0) x.push_back(0);
    const std::vector<T> computed = powers_of(x);
    bool is_exact = true;
    for (std::size_t i = 0; i < x.size(); ++i) is_exact = is_exact && computed[i] == std::exp2(x[i]);
    CHECK(is_exact);
  });
}

TEST_CASE_TEMPLATE("powers below the normal range are within the least normal number", T, float, double) {
  const WorkingPrecision scope(120);
  for_each_power<T>([](const auto& powers_of) {
    RandomDoubles random(2);
    std::vector<T> x;
    x.reserve(1040);
    for (int i = 0; i < 1024; ++i)
      x.push_back(static_cast<T>(least_exponent<T> - random.between(0, i % 2 == 0 ? 2 : 60)));
    for (const double deep : {1e4, 1e6, 1e20, 1e38 / 4})
      for (int i = 0; i < 4; ++i) x.push_back(static_cast<T>(-deep * random.between(0.5, 1)));
    const std::vector<T> computed = powers_of(x);
    bool is_within = true;
    for (std::size_t i = 0; i < x.size(); ++i) {
      is_within = is_within && computed[i] >= 0 &&
                  abs(in_real(computed[i]) - exp2(in_real(x[i]))) <= in_real(std::numeric_limits<T>::min());
    }
    CHECK(is_within);
  });
}

}  // namespace promptbound

#endif

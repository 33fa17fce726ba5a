#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention/exp2.cpp"

#include <promptbound/attention/targets.hpp>

#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#include <promptbound/attention/exp2-inl.hpp>

// The vector powers of two themselves, in each instruction set.

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

/// x <- 2^x for a whole number of vectors.
template <class T>
void powers(T* x, std::size_t count) {
  const hn::ScalableTag<T> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d))
    hn::StoreU(power_of_two(d, hn::LoadU(d, x + i)), d, x + i);
}
void powers_single(float* x, std::size_t count) { powers(x, count); }
void powers_double(double* x, std::size_t count) { powers(x, count); }

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

/// 2^x as the kernels compute it; the number of arguments is a multiple of 16.
template <class T>
std::vector<T> powers_of(std::vector<T> x) {
  if constexpr (std::is_same_v<T, float>) {
    HWY_DYNAMIC_DISPATCH(powers_single)(x.data(), x.size());
  } else {
    HWY_DYNAMIC_DISPATCH(powers_double)(x.data(), x.size());
  }
  return x;
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
  for_each_instruction_set([] {
    RandomDoubles random(1);
    std::vector<T> x;
    for (int i = 0; i < 4000; ++i) x.push_back(static_cast<T>(random.between(least_exponent<T>, 100)));
    for (int i = 0; i < 4000; ++i) x.push_back(static_cast<T>(random.between(-1, 1)));
    // The ends of the ranges that one table entry serves, and what lies beside them.
    for (int i = -256; i < 256; ++i) {
      const T end = static_cast<T>(i) / 32;
      for (const T near : {end, std::nextafter(end, T(-1000)), std::nextafter(end, T(1000))})
        x.push_back(near);
    }
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
  for_each_instruction_set([] {
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
  for_each_instruction_set([] {
    RandomDoubles random(2);
    std::vector<T> x;
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

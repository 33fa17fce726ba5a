/// The proved exponential of numeric/fast_interval.cpp, for loops over many arguments.
#pragma once

#include <bit>
#include <cstdint>

#include <promptbound/numeric/exp_interval.hpp>

namespace promptbound {

/// e^x within 2^-50 for x in [-600, 0]: numeric/fast_interval.cpp's exponential and its proof, in operations
/// that compilers put into vectors. Adding 1.5 2^52 rounds to an integer n, here at least -866, whose last
/// bits are then the sum's; 2^n is made of its bits.
[[nodiscard]] inline double exp_of_negative(double x) {
  using namespace exp_interval;
  constexpr double to_integer = 0x1.8p52;
  const double shifted = x * 0x1.71547652b82fep0 + to_integer;
  const double n = shifted - to_integer;
  const double r = (x - n * log2_high) - n * log2_low;
  double sum = coefficients[13];
  for (int i = 12; i >= 0; --i) sum = coefficients[i] + r * sum;
  return sum * std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + 1023) << 52);
}

}  // namespace promptbound

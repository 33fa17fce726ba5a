/// Functions on a grid with outputs on the same grid: the tables that the prompts of theory item 5.1 hold.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// A function from the k^n cells of [0,1]^{d x L}, n = d L, to digits 1..k of the d L outputs. Digit i stands
/// for the value (i - 1/2)/k. The coordinate (c, i) of an input has number o = i d + c, and the cell whose
/// digits are q_o has number g = sum_o (q_o - 1) k^o.
struct QuantizedFunction {
  Index d = 0, L = 0;
  long k = 0;
  std::vector<long> digits;  ///< k^n d L entries: that of output (c, i) in cell g stands at (g L + i) d + c

  [[nodiscard]] long digit(long cell, Index c, Index i) const {
    return digits[static_cast<std::size_t>((cell * L + i) * d + c)];
  }
};

/// Returns the value of a digit: (digit - 1/2)/k, the centre of its cell.
[[nodiscard]] Rational digit_value(long digit, long k);

/// Returns k^n; throws InputError if it exceeds 10^12.
[[nodiscard]] long cell_count(long k, Index n);

/// Returns the centre of cell g in [0,1]^{d x L}.
[[nodiscard]] Matrix<Rational> cell_centre(Index d, Index L, long k, long cell);

/// Returns the values of f at the centre of cell g, as a d x L matrix.
[[nodiscard]] Matrix<Rational> cell_value(const QuantizedFunction& f, long cell);

}  // namespace promptbound

#include <promptbound/constructions/quantized_function.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {

Rational digit_value(long digit, long k) { return Rational(2 * digit - 1, 2 * k); }

long cell_count(long k, Index n) {
  const double digits = static_cast<double>(n) * std::log10(static_cast<double>(k));
  if (digits > 12) {
    throw InputError("k: the grid has k^n = " + std::to_string(k) + "^" + std::to_string(n) + ", about 10^" +
                     std::to_string(static_cast<long>(digits)) + ", cells (accepted: at most 10^12)");
  }
  return power(Integer(k), static_cast<unsigned long>(n)).convert_to<long>();
}

Matrix<Rational> cell_centre(Index d, Index L, long k, long cell) {
  Matrix<Rational> centre(d, L);
  for (Index i = 0; i < L; ++i) {
    for (Index c = 0; c < d; ++c) {
      centre(c, i) = digit_value(cell % k + 1, k);
      cell /= k;
    }
  }
  return centre;
}

Matrix<Rational> cell_value(const QuantizedFunction& f, long cell) {
  return Matrix<Rational>::NullaryExpr(
      f.d, f.L, [&](Index c, Index i) { return digit_value(f.digit(cell, c, i), f.k); });
}

}  // namespace promptbound

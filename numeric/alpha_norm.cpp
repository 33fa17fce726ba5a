#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

constexpr unsigned long largest_exact_bits = 1UL << 20;

}  // namespace

Interval norm_factor(const Integer& n, const Number& alpha) {
  if (alpha.infinite) return Interval(1);
  if (const auto exact = exact_norm_factor(n, alpha)) return Interval(*exact);
  return power(Interval(n), Rational(1 / alpha.value));
}

std::optional<Rational> exact_norm_factor(const Integer& n, const Number& alpha) {
  if (alpha.infinite) return Rational(1);
  return exact_power(Rational(n), Rational(1 / alpha.value), largest_exact_bits);
}

Interval nonnegative_power(const Interval& x, const Rational& q) {
  if (q == 1) return x;
  // The power is increasing: its range over [a, b] is [a^q, b^q].
  const auto end = [&](const Interval& point) {
    return certainly_positive(point) ? power(point, q) : Interval(0);
  };
  if (!x.is_finite()) return x;
  return hull(end(x.lower_point()), end(x.upper_point()));
}

Interval alpha_norm(const Matrix<Interval>& entries, const Number& alpha) {
  Interval sum(0);
  for (Index i = 0; i < entries.size(); ++i) {
    const Interval size = abs(entries(i));
    sum = alpha.infinite ? max(sum, size) : sum + nonnegative_power(size, alpha.value);
  }
  return alpha.infinite ? sum : nonnegative_power(sum, Rational(1 / alpha.value));
}

}  // namespace promptbound

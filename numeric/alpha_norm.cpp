#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

constexpr unsigned long largest_exact_bits = 1UL << 20;

}  // namespace

Number parse_norm_exponent(const std::string& text, const std::string& what) {
  const std::optional<Number> number = parse_number(text);
  if (!number || (!number->infinite && number->value < 1))
    throw InputError(what + ": '" + text.substr(0, 60) + "' (accepted: a number >= 1, or inf)");
  return *number;
}

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
  if (certainly_less(x, Interval(0))) return Interval::whole_line();
  // The power is increasing: its range over [a, b] is [a^q, b^q], and infinity^q is infinity.
  const auto end = [&](const Interval& point) {
    return certainly_positive(point) ? power(point, q) : Interval(0);
  };
  return {end(x.lower_point()), end(x.upper_point())};
}

Interval alpha_norm(const Matrix<Interval>& entries, const Number& alpha) {
  Interval sum(0), largest(0);
  for (Index i = 0; i < entries.size(); ++i) {
    const Interval size = abs(entries(i));
    largest = max(largest, size);
    if (!alpha.infinite) sum += nonnegative_power(size, alpha.value);
  }
  if (alpha.infinite) return largest;
  // ||x||_inf <= ||x||_alpha <= n^(1/alpha) ||x||_inf still says something where a power is out of range.
  const Rational root = 1 / alpha.value;
  return intersection(nonnegative_power(sum, root),
                      {largest, nonnegative_power(Interval(entries.size()), root) * largest});
}

}  // namespace promptbound

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

Interval log_of(const Rational& base) { return log(Interval(base)); }

/// Is x exactly `candidate`?
EqualsInteger equality_with(const PowerProduct& x) {
  return [&x](const Integer& candidate) {
    const std::optional<Rational> exact = x.exact();
    return exact && *exact == candidate;
  };
}

/// log10 x for a huge x; rounding x up moves it by less than `slack`.
Magnitude magnitude(const PowerProduct& x, long digits, const Rational& slack) {
  return {enclose(digits, [&] {
    const Interval log10 = x.log() / interval_log10();
    return Interval(log10, log10 + Interval(slack));
  })};
}

}  // namespace

PowerProduct& PowerProduct::times(const Rational& base, const Integer& exponent) {
  factors_.push_back({base, exponent});
  return *this;
}

PowerProduct& PowerProduct::times_root(const Rational& base, const Rational& exponent) {
  root_base_ = base;
  root_exponent_ = exponent;
  return *this;
}

Interval PowerProduct::log() const {
  Interval sum;
  for (const Factor& factor : factors_) sum += Interval(factor.exponent) * log_of(factor.base);
  if (root_exponent_ != 0) sum += Interval(root_exponent_) * log_of(root_base_);
  return sum;
}

Interval PowerProduct::value() const {
  Interval product(1);
  for (const Factor& factor : factors_) product *= power(Interval(factor.base), Rational(factor.exponent));
  if (root_exponent_ != 0) product *= power(Interval(root_base_), root_exponent_);
  return product;
}

bool PowerProduct::is_writable() const {
  // |log2 x| is at most the sum of |exponent| * bits: nearly always enough.
  Integer bits = 0;
  for (const Factor& factor : factors_) bits += abs(factor.exponent) * bit_size(factor.base);
  if (root_exponent_ != 0)
    bits += (abs(numerator(root_exponent_)) / denominator(root_exponent_) + 1) * bit_size(root_base_);
  if (bits < 3 * longest_exact_integer) return true;  // log2 10 > 3
  const WorkingPrecision scope(64);
  return certainly_less(abs(log()), Interval(Integer(longest_exact_integer)) * interval_log10());
}

std::optional<Rational> PowerProduct::exact() const {
  if (!is_writable()) return std::nullopt;
  constexpr unsigned long most_bits = 16 * longest_exact_integer;
  const std::optional<Rational> root = exact_power(root_base_, root_exponent_, most_bits);
  if (!root) return std::nullopt;
  Rational product = *root;
  for (const Factor& factor : factors_) {
    const std::optional<Rational> term = exact_power(factor.base, Rational(factor.exponent), most_bits);
    if (!term) return std::nullopt;
    product = product == 1 ? *term : Rational(product * *term);
  }
  return product;
}

Integer floor(const PowerProduct& x) {
  if (const auto exact = x.exact()) return floor(*exact);
  return decide_floor([&] { return x.value(); }, equality_with(x));
}

Integer ceil(const PowerProduct& x) {
  if (const auto exact = x.exact()) return ceil(*exact);
  return decide_ceil([&] { return x.value(); }, equality_with(x));
}

Quantity quantity(const PowerProduct& x, long digits) {
  if (const auto exact = x.exact()) return is_integer(*exact) ? Quantity(floor(*exact)) : Quantity(*exact);
  if (x.is_writable()) return enclose(digits, [&] { return x.value(); });
  return magnitude(x, digits, 0);
}

Quantity ceil_quantity(const PowerProduct& x, long digits) {
  if (x.is_writable()) return ceil(x);
  // x > 1 is huge: log10(ceil x) <= log10 x + 1/(x ln 10), far below 10^-1000.
  return magnitude(x, digits, Rational(Integer(1), power(Integer(10), 1000)));
}

Rational reciprocal(const Number& alpha) { return alpha.infinite ? Rational(0) : Rational(1 / alpha.value); }

Integer least_grid(const Rational& C, const Integer& n, const Number& alpha, const Rational& eps) {
  if (C == 0) return 1;
  return floor(PowerProduct().times(C / (2 * eps)).times_root(Rational(n), reciprocal(alpha))) + 1;
}

}  // namespace promptbound

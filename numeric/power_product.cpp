#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// Exact powers of more bits are not formed.
constexpr unsigned long most_bits = 16 * longest_exact_integer;

/// log10 x for a huge x, which rounding to a whole number may have moved up.
Magnitude magnitude(const PowerProduct& x, long digits, bool rounded_up) {
  return {enclose(digits, [&] {
    const Interval log10 = x.log() / interval_log10();
    return rounded_up ? Interval(log10, log10 + negligible()) : log10;
  })};
}

bool is_below_one(const PowerProduct& x) {
  const WorkingPrecision scope(64);
  return certainly_less(x.log(), Interval(0));
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

PowerProduct PowerProduct::raised(const Integer& exponent) const {
  PowerProduct result = *this;
  for (Factor& factor : result.factors_) factor.exponent *= exponent;
  result.root_exponent_ *= exponent;
  result.slack_ *= exponent;
  return result;
}

PowerProduct PowerProduct::rounded_beyond_writing() const {
  PowerProduct result = *this;
  ++result.slack_;
  return result;
}

Interval PowerProduct::log() const {
  Interval sum;
  for (const Factor& factor : factors_) sum += Interval(factor.exponent) * log_rational(factor.base);
  if (root_exponent_ != 0) sum += Interval(root_exponent_) * log_rational(root_base_);
  if (slack_ == 0) return sum;
  return Interval(sum, sum + Interval(slack_) * negligible());
}

Interval PowerProduct::value() const {
  Interval product(1);
  for (const Factor& factor : factors_) product *= power(Interval(factor.base), Rational(factor.exponent));
  if (root_exponent_ != 0) product *= power(Interval(root_base_), root_exponent_);
  if (slack_ == 0) return product;
  return Interval(product, product * exp(Interval(slack_) * negligible()));
}

bool PowerProduct::is_writable() const {
  if (slack_ > 0) return false;
  // |log2 x| is at most the sum of |exponent| * bits: nearly always enough.
  Integer bits = 0;
  for (const Factor& factor : factors_) bits += abs(factor.exponent) * bit_size(factor.base);
  if (root_exponent_ != 0)
    bits += (abs(numerator(root_exponent_)) / denominator(root_exponent_) + 1) * bit_size(root_base_);
  if (bits < 3 * longest_exact_integer) return true;  // log2 10 > 3
  const WorkingPrecision scope(64);
  return certainly_less(abs(log()), Interval(Integer(longest_exact_integer)) * interval_log10());
}

std::optional<Rational> PowerProduct::rational_part() const {
  Rational product = 1;
  for (const Factor& factor : factors_) {
    const std::optional<Rational> term = exact_power(factor.base, Rational(factor.exponent), most_bits);
    if (!term) return std::nullopt;
    product = product == 1 ? *term : Rational(product * *term);
  }
  return product;
}

std::optional<Rational> PowerProduct::exact() const {
  if (!is_writable()) return std::nullopt;
  const std::optional<Rational> root = exact_power(root_base_, root_exponent_, most_bits);
  if (!root) return std::nullopt;
  std::optional<Rational> product = rational_part();
  if (product && *root != 1) *product *= *root;
  return product;
}

int compare(const PowerProduct& x, const Integer& candidate) {
  if (candidate <= 0) return 1;
  const std::optional<Rational> rational = x.rational_part();
  if (!rational) return decide_sign([&] { return x.log() - log_rational(Rational(candidate)); });
  // x/candidate = ratio root^q; ratio is exact, so that it may be near 1.
  const Rational ratio = *rational / candidate;
  const Rational& q = x.root_exponent_;
  if (q == 0 || x.root_base_ == 1) return ratio.compare(1);
  const bool is_equal =
      q > 0 && equal_powers(x.root_base_, numerator(q), Rational(1 / ratio), denominator(q));
  if (is_equal) return 0;
  return decide_sign([&] { return log_rational(ratio) + Interval(q) * log_rational(x.root_base_); });
}

Integer floor(const PowerProduct& x) {
  if (const auto exact = x.exact()) return floor(*exact);
  return decide_floor_comparing([&] { return x.value(); }, [&](const Integer& n) { return compare(x, n); });
}

Integer ceil(const PowerProduct& x) {
  if (const auto exact = x.exact()) return ceil(*exact);
  return decide_ceil_comparing([&] { return x.value(); }, [&](const Integer& n) { return compare(x, n); });
}

PowerProduct least_above(const PowerProduct& x) {
  if (x.is_writable()) return PowerProduct().times(Rational(floor(x) + 1));
  return is_below_one(x) ? PowerProduct() : x.rounded_beyond_writing();
}

PowerProduct rounded_up(const PowerProduct& x) {
  if (x.is_writable()) return PowerProduct().times(Rational(ceil(x)));
  return is_below_one(x) ? PowerProduct() : x.rounded_beyond_writing();
}

Quantity quantity(const PowerProduct& x, long digits) {
  if (const auto exact = x.exact()) return is_integer(*exact) ? Quantity(floor(*exact)) : Quantity(*exact);
  if (x.is_writable()) return enclose(digits, [&] { return x.value(); });
  return magnitude(x, digits, false);
}

Quantity ceil_quantity(const PowerProduct& x, long digits) {
  if (x.is_writable()) return ceil(x);
  if (is_below_one(x)) return Integer(1);
  return magnitude(x, digits, true);
}

Quantity whole_quantity(const Integer& x, long digits) {
  // decimal_digits may be one too large.
  const auto digits_of_x = decimal_digits(x);
  if (digits_of_x <= longest_exact_integer ||
      (digits_of_x == longest_exact_integer + 1 && abs(x) < power(Integer(10), longest_exact_integer))) {
    return x;
  }
  return quantity(PowerProduct().times(Rational(x)), digits);
}

Interval negligible() {
  Interval result;
  mpfr_set_ui_2exp(&result.get()->left, 1, -150000, MPFR_RNDD);
  mpfr_set_ui_2exp(&result.get()->right, 1, -150000, MPFR_RNDU);
  return result;
}

Rational reciprocal(const Number& alpha) { return alpha.infinite ? Rational(0) : Rational(1 / alpha.value); }

PowerProduct least_cells(const Rational& C, const Integer& n, const Number& alpha, const Rational& eps) {
  if (C == 0) return {};
  return least_above(PowerProduct().times(C / (2 * eps)).times_root(Rational(n), reciprocal(alpha)));
}

Integer least_grid(const Rational& C, const Integer& n, const Number& alpha, const Rational& eps) {
  const std::optional<Rational> cells = least_cells(C, n, alpha, eps).exact();
  if (!cells) throw Undecided("the grid has too many cells to write their number out");
  return numerator(*cells);
}

}  // namespace promptbound

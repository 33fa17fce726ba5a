#include <algorithm>
#include <cmath>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// Exact powers of more bits are not formed.
constexpr unsigned long most_bits = 16 * longest_exact_integer;
/// Powers of fewer bits are formed without more ado.
constexpr unsigned long few_bits = 8192;

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

std::optional<unsigned long> PowerProduct::bits_of_root_form() const {
  constexpr unsigned long most_exponent = 1UL << 20;  // no product below overflows
  const auto is_long = [](mpz_srcptr x) { return mpz_cmpabs_ui(x, most_exponent) > 0; };
  const mpq_srcptr exponent = root_exponent_.backend().data();
  if (is_long(mpq_numref(exponent)) || is_long(mpq_denref(exponent)) || bit_size(root_base_) > most_bits)
    return std::nullopt;
  const unsigned long order = mpz_get_ui(mpq_denref(exponent));
  unsigned long bits = mpz_get_ui(mpq_numref(exponent)) * bit_size(root_base_);
  for (const Factor& factor : factors_) {
    const mpz_srcptr power = factor.exponent.backend().data();
    if (is_long(power) || bit_size(factor.base) > most_bits) return std::nullopt;
    bits += mpz_get_ui(power) * order * bit_size(factor.base);  // mpz_get_ui gives the size alone
    if (bits > most_bits) return std::nullopt;
  }
  return bits;
}

std::optional<PowerProduct::RootForm> PowerProduct::root_form() const {
  if (slack_ > 0 || root_exponent_ < 0) return std::nullopt;
  const auto bits = bits_of_root_form();
  if (!bits || *bits > few_bits) return std::nullopt;
  RootForm form{1, 1, mpz_get_ui(mpq_denref(root_exponent_.backend().data()))};
  const auto times = [](Integer& product, mpz_srcptr base, unsigned long exponent) {
    if (exponent == 0 || mpz_cmp_ui(base, 1) == 0) return;
    Integer power;
    mpz_pow_ui(power.backend().data(), base, exponent);
    mpz_mul(product.backend().data(), product.backend().data(), power.backend().data());
  };
  const auto times_power = [&](const Rational& base, unsigned long exponent, bool is_divisor) {
    times(is_divisor ? form.bottom : form.top, mpq_numref(base.backend().data()), exponent);
    times(is_divisor ? form.top : form.bottom, mpq_denref(base.backend().data()), exponent);
  };
  times_power(root_base_, mpz_get_ui(mpq_numref(root_exponent_.backend().data())), false);
  for (const Factor& factor : factors_)
    times_power(factor.base, mpz_get_ui(factor.exponent.backend().data()) * form.order, factor.exponent < 0);
  return form;
}

bool PowerProduct::is_writable() const {
  if (slack_ > 0) return false;
  // |log2 x| is at most the sum of |exponent| * bits: nearly always enough.
  if (const auto bits = bits_of_root_form(); bits && *bits < 3 * longest_exact_integer)
    return true;  // log2 10 > 3
  // A product of whole numbers' powers is at least two to the sum of exponent * (bits - 1): often enough too.
  const auto is_whole = [](const Factor& factor) { return factor.exponent >= 0 && is_integer(factor.base); };
  if (root_exponent_ >= 0 && is_integer(root_base_) &&
      std::all_of(factors_.begin(), factors_.end(), is_whole)) {
    double least_bits = 0;
    for (const Factor& factor : factors_)
      least_bits += mpz_get_d(factor.exponent.backend().data()) *
                    static_cast<double>(mpz_sizeinbase(mpq_numref(factor.base.backend().data()), 2) - 1);
    if (least_bits > 4.0 * longest_exact_integer) return false;  // log2 10 < 3.4, binary64 rounds by less
  }
  const WorkingPrecision scope(64);
  return certainly_less(abs(log()), Interval(Integer(longest_exact_integer)) * interval_log10());
}

std::optional<Rational> PowerProduct::rational_part() const {
  Rational product = 1;
  for (const Factor& factor : factors_) {
    std::optional<Rational> term =
        factor.exponent == 1 ? factor.base : exact_power(factor.base, Rational(factor.exponent), most_bits);
    if (!term) return std::nullopt;
    product = product == 1 ? std::move(*term) : Rational(product * *term);
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
  if (const auto form = x.root_form(); form && form->order * bit_size(candidate) < few_bits)
    return form->top.compare(Integer(power(candidate, form->order) * form->bottom));
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
  if (const auto form = x.root_form()) return floor_root(Integer(form->top / form->bottom), form->order);
  if (const auto exact = x.exact()) return floor(*exact);
  return decide_floor_comparing([&] { return x.value(); }, [&](const Integer& n) { return compare(x, n); });
}

Integer ceil(const PowerProduct& x) {
  // t^order >= top/bottom for a whole number t iff t^order > ceil(top/bottom) - 1 = floor((top - 1)/bottom).
  if (const auto form = x.root_form())
    return floor_root(Integer((form->top - 1) / form->bottom), form->order) + 1;
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
  if (auto form = x.root_form(); form && form->order == 1) {
    if (form->bottom == 1) return std::move(form->top);
    Rational exact(form->top, form->bottom);
    return is_integer(exact) ? Quantity(Integer(numerator(exact))) : Quantity(std::move(exact));
  }
  if (!x.is_writable()) return magnitude(x, digits, false);
  if (const auto exact = x.exact()) return is_integer(*exact) ? Quantity(floor(*exact)) : Quantity(*exact);
  return enclose(digits, [&] { return x.value(); });
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

std::optional<WholePart> whole_part_in_words(const Rational& x, const Rational& y, const Integer& n,
                                             const Number& alpha) {
  __extension__ typedef unsigned __int128 Wide;
  constexpr std::size_t most_bits_of_word = 40;  // top^2 n then fits 120 bits
  const auto product = [](mpz_srcptr a, mpz_srcptr b) -> unsigned long {
    if (mpz_sgn(a) < 0 || mpz_sizeinbase(a, 2) + mpz_sizeinbase(b, 2) > most_bits_of_word) return 0;
    return mpz_get_ui(a) * mpz_get_ui(b);
  };
  const mpq_srcptr p = x.backend().data(), q = y.backend().data();
  const Wide top = product(mpq_numref(p), mpq_denref(q)), bottom = product(mpq_denref(p), mpq_numref(q));
  if (top == 0 || bottom == 0 || bit_size(n) > most_bits_of_word) return std::nullopt;  // 0 is rare
  const Wide size = mpz_get_ui(n.backend().data());
  if (!alpha.infinite && mpq_cmp_ui(alpha.value.backend().data(), 2, 1) == 0) {
    const Wide square = top * top * size, quotient = square / (bottom * bottom);
    auto root = static_cast<Wide>(std::sqrt(static_cast<long double>(quotient)));
    while (root * root > quotient) --root;
    while ((root + 1) * (root + 1) <= quotient) ++root;
    return WholePart{static_cast<unsigned long>(root), root * root * bottom * bottom == square};
  }
  if (!alpha.infinite && mpq_cmp_ui(alpha.value.backend().data(), 1, 1) != 0) return std::nullopt;
  const Wide multiple = alpha.infinite ? top : top * size, floor = multiple / bottom;
  if (floor >> 62 != 0) return std::nullopt;  // room for the next whole number
  return WholePart{static_cast<unsigned long>(floor), multiple % bottom == 0};
}

Quantity power_quantity(const Integer& base, const Integer& exponent, const Integer& factor, long digits) {
  if (mpz_cmp_ui(exponent.backend().data(), few_bits) < 0 &&
      mpz_get_ui(exponent.backend().data()) * bit_size(base) < few_bits) {
    Integer result;
    mpz_pow_ui(result.backend().data(), base.backend().data(), mpz_get_ui(exponent.backend().data()));
    mpz_mul(result.backend().data(), result.backend().data(), factor.backend().data());
    if (bit_size(result) < 3 * longest_exact_integer) return result;  // log2 10 > 3
  }
  return quantity(PowerProduct().times(Rational(factor)).times(Rational(base), exponent), digits);
}

PowerProduct least_cells(const Rational& C, const Integer& n, const Number& alpha, const Rational& eps) {
  if (C == 0) return {};
  if (const auto whole = whole_part_in_words(C, Rational(2 * eps), n, alpha))
    return PowerProduct().times(Rational(whole->floor + 1));
  return least_above(PowerProduct().times(C / (2 * eps)).times_root(Rational(n), reciprocal(alpha)));
}

Integer least_grid(const Rational& C, const Integer& n, const Number& alpha, const Rational& eps) {
  const std::optional<Rational> cells = least_cells(C, n, alpha, eps).exact();
  if (!cells) throw Undecided("the grid has too many cells to write their number out");
  return numerator(*cells);
}

}  // namespace promptbound

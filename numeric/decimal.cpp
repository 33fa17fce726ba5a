#include <algorithm>

#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// Text of 0.DIGITS * 10^exponent, DIGITS without sign.
std::string layout(bool negative, std::string digits, const Integer& exponent) {
  const auto last = digits.find_last_not_of('0');
  if (last == std::string::npos) return "0";
  digits.erase(last + 1);
  std::string text = negative ? "-" : "";
  if (exponent > 21 || exponent <= -5) {
    const Integer scientific = exponent - 1;
    text += digits.substr(0, 1);
    if (digits.size() > 1) text += "." + digits.substr(1);
    return text + (scientific < 0 ? "e" : "e+") + scientific.str();
  }
  const long places = exponent.convert_to<long>();
  if (places <= 0) return text + "0." + std::string(static_cast<std::size_t>(-places), '0') + digits;
  const auto whole = static_cast<std::size_t>(places);
  if (digits.size() <= whole) return text + digits + std::string(whole - digits.size(), '0');
  return text + digits.substr(0, whole) + "." + digits.substr(whole);
}

/// Binary exponents beyond this are printed through the logarithm: MPFR would write out the power of ten.
constexpr long largest_plain_exponent = 1000000;

std::string decimal_of_end(mpfr_srcptr x, long digits, mpfr_rnd_t rounding) {
  if (mpfr_nan_p(x) != 0) return "nan";
  if (mpfr_inf_p(x) != 0) return mpfr_sgn(x) > 0 ? "inf" : "-inf";
  if (mpfr_zero_p(x) != 0) return "0";
  if (std::abs(mpfr_get_exp(x)) > largest_plain_exponent) {
    const WorkingPrecision scope(std::max(static_cast<long>(mpfr_get_prec(x)), bits_for_digits(digits)) + 80);
    Interval point;
    mpfi_set_fr(point.get(), x);
    const bool is_negative = mpfr_sgn(x) < 0;
    const bool towards_zero = (rounding == MPFR_RNDD) != is_negative;
    return (is_negative ? "-" : "") +
           power_of_ten_decimal(log10(abs(point)), digits, towards_zero ? Direction::down : Direction::up);
  }
  mpfr_exp_t exponent = 0;
  char* raw =
      mpfr_get_str(nullptr, &exponent, 10, static_cast<std::size_t>(std::max(digits, 2L)), x, rounding);
  std::string text(raw);
  mpfr_free_str(raw);
  const bool negative = text.front() == '-';
  return layout(negative, negative ? text.substr(1) : text, Integer(static_cast<long>(exponent)));
}

/// May the ends become exact rationals? One with a binary exponent of 10^10 would take gigabytes, and no such
/// power of ten is written out.
bool has_moderate_ends(const Interval& x) {
  constexpr long most_exponent_bits = 4096;
  const auto is_moderate = [](mpfr_srcptr end) {
    return mpfr_zero_p(end) != 0 || std::abs(mpfr_get_exp(end)) <= most_exponent_bits;
  };
  return is_moderate(&x.get()->left) && is_moderate(&x.get()->right);
}

}  // namespace

namespace {

/// mantissa 10^places, the mantissa of `digits` digits, or one more where 99..9 was rounded up to 10..0.
struct Scaled {
  Integer mantissa;
  long places;
};

/// |x| rounded in the direction given for x; x is not 0.
Scaled scaled_size(const Rational& x, long digits, Direction direction) {
  const Rational size = abs(x);
  const bool away_from_zero = (direction == Direction::up) != (x < 0);
  // 10^exponent > size, found from digit counts that are off by at most one each.
  const Integer top = numerator(size);
  const Integer bottom = denominator(size);
  long exponent = static_cast<long>(decimal_digits(top)) - static_cast<long>(decimal_digits(bottom)) + 2;
  const auto scaled = [&](long places) {
    const long shift = digits - places;
    const Integer scale = power(Integer(10), static_cast<unsigned long>(std::abs(shift)));
    return shift >= 0 ? Rational(size * scale) : Rational(size / scale);
  };
  const Integer smallest = power(Integer(10), static_cast<unsigned long>(digits - 1));
  while (scaled(exponent) < smallest) --exponent;
  return {away_from_zero ? ceil(scaled(exponent)) : floor(scaled(exponent)), exponent - digits};
}

}  // namespace

std::string decimal(const Rational& x, long digits, Direction direction) {
  if (x == 0) return "0";
  const auto [mantissa, places] = scaled_size(x, digits, direction);
  std::string text = mantissa.str();
  const long exponent = places + static_cast<long>(text.size());
  return layout(x < 0, std::move(text), Integer(exponent));
}

Rational rounded(const Rational& x, long digits, Direction direction) {
  if (x == 0) return x;
  const auto [mantissa, places] = scaled_size(x, digits, direction);
  const Rational scale = power(Rational(10), static_cast<unsigned long>(std::abs(places)));
  const Rational size = places < 0 ? Rational(mantissa / scale) : Rational(mantissa * scale);
  return x < 0 ? Rational(-size) : size;
}

std::string lower_decimal(const Interval& x, long digits) {
  return decimal_of_end(&x.get()->left, digits, MPFR_RNDD);
}

std::string upper_decimal(const Interval& x, long digits) {
  return decimal_of_end(&x.get()->right, digits, MPFR_RNDU);
}

std::string power_of_ten_decimal(const Interval& log10, long digits, Direction direction) {
  if (!log10.is_finite() || !has_moderate_ends(log10)) return "";
  const Rational low = log10.lower();
  const Rational high = log10.upper();
  if (high - low > 1) return "";
  const WorkingPrecision scope(bits_for_digits(digits) + 64);
  const Integer whole = floor(direction == Direction::down ? low : high);
  const Interval fraction(Rational((direction == Direction::down ? low : high) - whole));
  const Interval mantissa = exp(fraction * log(Interval(10)));
  const bool down = direction == Direction::down;
  mpfr_exp_t exponent = 0;
  char* raw =
      mpfr_get_str(nullptr, &exponent, 10, static_cast<std::size_t>(std::max(digits, 2L)),
                   down ? &mantissa.get()->left : &mantissa.get()->right, down ? MPFR_RNDD : MPFR_RNDU);
  std::string text(raw);
  mpfr_free_str(raw);
  return layout(false, std::move(text), whole + static_cast<long>(exponent));
}

}  // namespace promptbound

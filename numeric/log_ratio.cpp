#include <optional>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_ratio.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// Has the number whose enclosure is given more than longest_exact_integer digits?
bool is_too_long(const Interval& value) {
  constexpr long few_bits = 3 * static_cast<long>(longest_exact_integer);  // log2 10 > 3
  if (value.is_finite() && mpfr_zero_p(&value.get()->right) == 0 &&
      mpfr_get_exp(&value.get()->right) < few_bits)
    return false;
  return certainly_less(Interval(Integer(longest_exact_integer)), log10(value));
}

/// The ceiling where one evaluation at the working precision decides it.
std::optional<Integer> ceil_at_once(const LogRatio& x) {
  const Interval top = log_rational(x.top), bottom = log_rational(x.bottom);
  if (mpfr_sgn(&top.get()->left) < 0 || mpfr_sgn(&bottom.get()->left) <= 0) return std::nullopt;
  Interval ratio, divisor;
  mpfr_ptr low = &ratio.get()->left, high = &ratio.get()->right;
  mpfr_mul_z(&divisor.get()->left, &bottom.get()->left, x.bottom_factor.backend().data(), MPFR_RNDD);
  mpfr_mul_z(&divisor.get()->right, &bottom.get()->right, x.bottom_factor.backend().data(), MPFR_RNDU);
  mpfr_mul_z(low, &top.get()->left, x.top_factor.backend().data(), MPFR_RNDD);
  mpfr_mul_z(high, &top.get()->right, x.top_factor.backend().data(), MPFR_RNDU);
  mpfr_div(low, low, &divisor.get()->right, MPFR_RNDD);
  mpfr_div(high, high, &divisor.get()->left, MPFR_RNDU);
  if (mpfr_number_p(low) == 0 || mpfr_number_p(high) == 0) return std::nullopt;
  Integer least, most;
  mpfr_get_z(least.backend().data(), low, MPFR_RNDU);
  mpfr_get_z(most.backend().data(), high, MPFR_RNDU);
  return least == most ? std::optional(std::move(least)) : std::nullopt;
}

}  // namespace

Interval LogRatio::value() const {
  return Interval(top_factor) * log_rational(top) / (Interval(bottom_factor) * log_rational(bottom));
}

bool LogRatio::equals(const Integer& candidate) const {
  if (candidate == 0) return top == 1;
  return candidate > 0 && equal_powers(top, top_factor, bottom, bottom_factor * candidate);
}

Integer floor(const LogRatio& x) {
  return decide_floor([&] { return x.value(); }, [&](const Integer& n) { return x.equals(n); });
}

Quantity ceil_quantity(const LogRatio& x, long digits) {
  // ln top <= bit_size(top), and 1/ln bottom <= numerator of bottom: the number has at most so many bits.
  const unsigned long bits = bit_size(x.top_factor) + bit_size(Integer(bit_size(x.top))) + bit_size(x.bottom);
  if (bits < 3 * longest_exact_integer) {  // log2 10 > 3
    // A few precisions only, so that logarithms are remembered.
    constexpr unsigned long spare_bits = 64, step = 256;
    const WorkingPrecision scope(static_cast<long>((bits + spare_bits + step) / step * step));
    if (std::optional<Integer> decided = ceil_at_once(x)) return std::move(*decided);
    return decide_ceil([&] { return x.value(); }, [&](const Integer& n) { return x.equals(n); });
  }
  return ceil_quantity(x, quantity(x, digits), digits);
}

Quantity ceil_quantity(const LogRatio& x, const Quantity& enclosed, long digits) {
  if (const auto* integer = std::get_if<Integer>(&enclosed.value())) return whole_quantity(*integer, digits);
  const auto& value = std::get<Interval>(enclosed.value());
  if (is_too_long(value)) {
    return Magnitude{enclose(digits, [&] {
      const Interval log10_value = log10(x.value());
      return Interval(log10_value, log10_value + negligible());
    })};
  }
  return decide_ceil(
      value, [&] { return x.value(); }, [&](const Integer& n) { return x.equals(n); });
}

Quantity quantity(const LogRatio& x, long digits) {
  Interval value = enclose(digits, [&] { return x.value(); });
  const Integer candidate = ceil(value.lower());
  if (value.contains(Rational(candidate)) && x.equals(candidate)) return candidate;
  return value;
}

}  // namespace promptbound

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_ratio.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/power_product.hpp>

namespace promptbound {
namespace {

/// Has the number whose enclosure is given more than longest_exact_integer digits?
bool is_too_long(const Interval& value) {
  return certainly_less(Interval(Integer(longest_exact_integer)), log10(value));
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

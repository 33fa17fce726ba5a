#include <promptbound/bounds/log_ratio.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {

namespace {

Interval log_of(const Rational& x) { return x == 2 ? interval_log2() : log(Interval(x)); }

}  // namespace

Interval LogRatio::value() const {
  return Interval(top_factor) * log_of(top) / (Interval(bottom_factor) * log_of(bottom));
}

bool LogRatio::equals(const Integer& candidate) const {
  if (candidate == 0) return top == 1;
  return candidate > 0 && equal_powers(top, top_factor, bottom, bottom_factor * candidate);
}

Integer floor(const LogRatio& x) {
  return decide_floor([&] { return x.value(); }, [&](const Integer& n) { return x.equals(n); });
}

Integer ceil(const LogRatio& x) {
  return decide_ceil([&] { return x.value(); }, [&](const Integer& n) { return x.equals(n); });
}

Integer ceil(const LogRatio& x, const Quantity& enclosed) {
  if (const auto* integer = std::get_if<Integer>(&enclosed.value())) return *integer;
  return decide_ceil(
      std::get<Interval>(enclosed.value()), [&] { return x.value(); },
      [&](const Integer& n) { return x.equals(n); });
}

Quantity quantity(const LogRatio& x, long digits) {
  Interval value = enclose(digits, [&] { return x.value(); });
  const Integer candidate = ceil(value.lower());
  if (value.contains(Rational(candidate)) && x.equals(candidate)) return candidate;
  return value;
}

}  // namespace promptbound

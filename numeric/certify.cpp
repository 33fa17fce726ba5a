#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

constexpr long first_bits = 128;
constexpr long most_bits = 1L << 18;

/// The bits worth trying next: at least those that the integer part of x needs.
long next_bits(long bits, const Interval& x) {
  long magnitude = 0;
  if (x.is_finite() && mpfr_zero_p(&x.get()->right) == 0) magnitude = mpfr_get_exp(&x.get()->right);
  const long wanted = magnitude + 64;
  return wanted > bits && wanted <= most_bits ? wanted : 2 * bits;
}

/// Rounds with `round`, a monotone map to the integers that fixes them.
template <class Round>
Integer decide(const Enclosing& value, const EqualsInteger& equals, Round round) {
  for (long bits = first_bits; bits <= most_bits;) {
    const WorkingPrecision scope(bits);
    const Interval x = value();
    if (x.is_finite()) {
      Integer low = round(x.lower());
      const Integer high = round(x.upper());
      if (low == high) return low;
      // Exactly one integer lies in the enclosure: the value may be that integer.
      Integer candidate = ceil(x.lower());
      if (high - low == 1 && equals(candidate)) return candidate;
    }
    bits = next_bits(bits, x);
  }
  throw Undecided("the integer part is not decided at " + std::to_string(most_bits) + " bits");
}

}  // namespace

Interval enclose(long digits, const Enclosing& value) {
  const long tight = bits_for_digits(digits);
  for (long bits = tight + 32; bits <= most_bits; bits *= 2) {
    const WorkingPrecision scope(bits);
    Interval x = value();
    if (x.is_relatively_tight(tight)) return x;
  }
  throw Undecided("no enclosure to " + std::to_string(digits) + " digits at " + std::to_string(most_bits) +
                  " bits");
}

Integer decide_floor(const Enclosing& value, const EqualsInteger& equals) {
  return decide(value, equals, [](const Rational& x) { return floor(x); });
}

Integer decide_ceil(const Enclosing& value, const EqualsInteger& equals) {
  return decide(value, equals, [](const Rational& x) { return ceil(x); });
}

Integer decide_ceil(const Interval& known, const Enclosing& value, const EqualsInteger& equals) {
  if (known.is_finite()) {
    Integer low = ceil(known.lower());
    if (low == ceil(known.upper())) return low;
  }
  return decide_ceil(value, equals);
}

bool decide_less(const Enclosing& x, const Enclosing& y, const std::function<bool()>& equal) {
  bool equality_excluded = false;
  for (long bits = first_bits; bits <= most_bits; bits *= 2) {
    const WorkingPrecision scope(bits);
    const Interval left = x();
    const Interval right = y();
    if (certainly_less(left, right)) return true;
    if (certainly_less_equal(right, left)) return false;
    if (!equality_excluded && equal()) return false;
    equality_excluded = true;
  }
  throw Undecided("a comparison is not decided at " + std::to_string(most_bits) + " bits");
}

}  // namespace promptbound

#include <optional>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

constexpr long first_bits = 128;
/// Of an enclosure: ample for the digits that are asked for, whatever cancels.
constexpr long most_bits = 1L << 18;
/// Of a decision: an integer of 100,000 digits has 332,193 bits, and so does 1e-99999 before the point.
constexpr long most_deciding_bits = 1L << 20;

/// The bits worth trying next: at least those that the integer part of x needs.
long next_bits(long bits, const Interval& x) {
  long magnitude = 0;
  if (x.is_finite() && mpfr_zero_p(&x.get()->right) == 0) magnitude = mpfr_get_exp(&x.get()->right);
  const long wanted = magnitude + 64;
  return wanted > bits && wanted <= most_deciding_bits ? wanted : 2 * bits;
}

[[noreturn]] void throw_undecided(const char* what, long bits) {
  throw Undecided(std::string(what) + " at " + std::to_string(bits) + " bits");
}

/// The integer next to an enclosed number. `round` is a monotone map to the integers that fixes them; `at`
/// says what the result is if the one integer in the enclosure is this, or nothing when more bits are wanted.
template <class Round, class At>
Integer decide(const Enclosing& value, Round round, At at) {
  for (long bits = first_bits; bits <= most_deciding_bits;) {
    const WorkingPrecision scope(bits);
    const Interval x = value();
    if (x.is_finite() && mpfr_get_exp(&x.get()->right) <= most_deciding_bits) {
      Integer low = round(x.lower());
      const Integer high = round(x.upper());
      if (low == high) return low;
      const Integer candidate = ceil(x.lower());
      if (candidate == floor(x.upper())) {  // the one integer in the enclosure
        if (std::optional<Integer> result = at(candidate)) return *result;
      }
    }
    bits = next_bits(bits, x);
  }
  throw_undecided("the integer part is not decided", most_deciding_bits);
}

template <class Round>
Integer decide_with_equality(const Enclosing& value, const EqualsInteger& equals, Round round) {
  return decide(value, round, [&](const Integer& candidate) {
    return equals(candidate) ? std::optional(candidate) : std::nullopt;
  });
}

Integer round_down(const Rational& x) { return floor(x); }
Integer round_up(const Rational& x) { return ceil(x); }

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
  return decide_with_equality(value, equals, round_down);
}

Integer decide_ceil(const Enclosing& value, const EqualsInteger& equals) {
  return decide_with_equality(value, equals, round_up);
}

Integer decide_ceil(const Interval& known, const Enclosing& value, const EqualsInteger& equals) {
  if (known.is_finite()) {
    Integer low = ceil(known.lower());
    if (low == ceil(known.upper())) return low;
  }
  return decide_ceil(value, equals);
}

Integer decide_floor_comparing(const Enclosing& value, const CompareWithInteger& compare) {
  return decide(value, round_down, [&](const Integer& candidate) {
    return std::optional<Integer>(compare(candidate) >= 0 ? candidate : candidate - 1);
  });
}

Integer decide_ceil_comparing(const Enclosing& value, const CompareWithInteger& compare) {
  return decide(value, round_up, [&](const Integer& candidate) {
    return std::optional<Integer>(compare(candidate) <= 0 ? candidate : candidate + 1);
  });
}

int decide_sign(const Enclosing& value) {
  for (long bits = first_bits; bits <= most_deciding_bits; bits *= 2) {
    const WorkingPrecision scope(bits);
    const Interval x = value();
    if (certainly_less(Interval(0), x)) return 1;
    if (certainly_less(x, Interval(0))) return -1;
  }
  throw_undecided("a sign is not decided", most_deciding_bits);
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
  throw_undecided("a comparison is not decided", most_bits);
}

}  // namespace promptbound

#include <atomic>
#include <optional>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

constexpr long first_bits = 128;

std::atomic<long>& limit() {
  static std::atomic<long> bits = default_precision_limit;
  return bits;
}

/// The bits before the point of an enclosed number.
long integer_bits(const Interval& x) {
  return x.is_finite() && mpfr_zero_p(&x.get()->right) == 0 ? mpfr_get_exp(&x.get()->right) : 0;
}

/// The integer next to an enclosed number. `round` is a monotone map to the integers that fixes them; `at`
/// says what the result is if the one integer in the enclosure is this, or nothing when more bits are wanted.
template <class Round, class At>
Integer decide(const Enclosing& value, Round round, At at) {
  long magnitude = 0;
  const auto attempt = [&]() -> std::optional<Integer> {
    const Interval x = value();
    magnitude = integer_bits(x);
    if (!x.is_finite() || magnitude > precision_limit()) return std::nullopt;
    Integer low = round(x.lower());
    if (low == round(x.upper())) return low;
    const Integer candidate = ceil(x.lower());
    if (candidate != floor(x.upper())) return std::nullopt;
    return at(candidate);  // the one integer in the enclosure
  };
  long bits = first_bits;
  if (bits < precision_limit()) {
    const WorkingPrecision scope(bits);
    if (std::optional<Integer> result = attempt()) return *std::move(result);
    bits = std::max(2 * bits, magnitude + 64);  // fewer do not reach the integer part
  }
  return at_rising_precision("the integer part", bits, attempt);
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

long precision_limit() { return limit(); }

PrecisionLimit::PrecisionLimit(long bits) : former_bits_(limit().exchange(bits)) {}

PrecisionLimit::~PrecisionLimit() { limit() = former_bits_; }

Interval enclose(long digits, const Enclosing& value) {
  const long tight = bits_for_digits(digits);
  return at_rising_precision("the value to " + std::to_string(digits) + " digits", tight + 32, [&] {
    Interval x = value();
    return x.is_relatively_tight(tight) ? std::optional(std::move(x)) : std::nullopt;
  });
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
  return at_rising_precision("a sign", first_bits, [&]() -> std::optional<int> {
    const Interval x = value();
    if (certainly_less(Interval(0), x)) return 1;
    if (certainly_less(x, Interval(0))) return -1;
    return std::nullopt;
  });
}

bool decide_less(const Enclosing& x, const Enclosing& y, const std::function<bool()>& equal) {
  bool equality_excluded = false;
  return at_rising_precision("a comparison", first_bits, [&]() -> std::optional<bool> {
    const Interval left = x();
    const Interval right = y();
    if (certainly_less(left, right)) return true;
    if (certainly_less_equal(right, left)) return false;
    if (!equality_excluded && equal()) return false;
    equality_excluded = true;
    return std::nullopt;
  });
}

}  // namespace promptbound

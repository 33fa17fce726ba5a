/// Certified intervals: every operation returns an enclosure of the exact result (MPFI, outward rounding).
///
/// The wrapper is ours for one reason: the Boost front end of MPFI ends the program when two overlapping
/// intervals are compared, and comparison of enclosures is where a certified program decides.
#pragma once

#include <mpfi.h>

#include <promptbound/numeric/types.hpp>

namespace promptbound {

/// A closed interval [lower, upper] of real numbers whose ends may be infinite. Ends have the working
/// precision that holds when the object is created; they are never NaN and always in order. What is undefined
/// somewhere on the operands (ln x where x may be negative, 0/0) is the whole line: nothing is known of the
/// number, nor of its product with 0. Where a divisor may be 0, the quotients by its other points are
/// enclosed.
class Interval {
 public:
  Interval() : Interval(0L) {}
  Interval(int value) : Interval(static_cast<long>(value)) {}  // NOLINT(google-explicit-constructor): scalar
  explicit Interval(long value);
  explicit Interval(double value);
  explicit Interval(const Integer& value);
  explicit Interval(const Rational& value);
  /// Reaches from the lower end of `lower` to the upper end of `upper`, enclosures of one number's bounds.
  /// Throws std::logic_error when these ends are out of order: one of the bounds is false then.
  Interval(const Interval& lower, const Interval& upper);
  Interval(const Interval& other);
  Interval(Interval&& other) noexcept;
  Interval& operator=(const Interval& other);
  Interval& operator=(Interval&& other) noexcept;
  ~Interval() { mpfi_clear(value_); }
  [[nodiscard]] static Interval whole_line();

  Interval& operator+=(const Interval& other);
  Interval& operator-=(const Interval& other);
  Interval& operator*=(const Interval& other);
  Interval& operator/=(const Interval& other);
  [[nodiscard]] Interval operator-() const;

  /// Returns the ends as exact dyadic numbers; throws std::domain_error for an infinite end.
  [[nodiscard]] Rational lower() const;
  [[nodiscard]] Rational upper() const;
  /// Returns a point interval at an end, and at some point of the interval: about the middle where both ends
  /// are finite.
  [[nodiscard]] Interval lower_point() const;
  [[nodiscard]] Interval upper_point() const;
  [[nodiscard]] Interval midpoint() const;
  /// Returns an end rounded outward to binary64.
  [[nodiscard]] double lower_double() const;
  [[nodiscard]] double upper_double() const;

  [[nodiscard]] bool is_finite() const { return mpfi_bounded_p(value_) != 0; }
  [[nodiscard]] bool is_point() const;
  [[nodiscard]] bool contains(const Rational& point) const;
  [[nodiscard]] bool contains(const Interval& inner) const;
  /// Tells whether upper - lower <= 2^-bits * min |x| over the interval; false when the interval contains 0
  /// and is no point.
  [[nodiscard]] bool is_relatively_tight(long bits) const;

  [[nodiscard]] mpfi_srcptr get() const { return value_; }
  [[nodiscard]] mpfi_ptr get() { return value_; }

 private:
  mpfi_t value_;
};

[[nodiscard]] inline Interval operator+(Interval a, const Interval& b) { return a += b; }
[[nodiscard]] inline Interval operator-(Interval a, const Interval& b) { return a -= b; }
[[nodiscard]] inline Interval operator*(Interval a, const Interval& b) { return a *= b; }
[[nodiscard]] inline Interval operator/(Interval a, const Interval& b) { return a /= b; }

/// Compares with certainty: true only if the relation holds for every pair of points of the two intervals.
[[nodiscard]] bool certainly_less(const Interval& a, const Interval& b);
[[nodiscard]] bool certainly_less_equal(const Interval& a, const Interval& b);
[[nodiscard]] inline bool certainly_positive(const Interval& a) { return certainly_less(Interval(0), a); }

/// Returns the smallest interval that contains both.
[[nodiscard]] Interval hull(const Interval& a, const Interval& b);
/// Returns what two enclosures of one number have in common; throws std::logic_error when that is nothing.
[[nodiscard]] Interval intersection(const Interval& a, const Interval& b);
/// Encloses min(x, y) and max(x, y).
[[nodiscard]] Interval min(const Interval& a, const Interval& b);
[[nodiscard]] Interval max(const Interval& a, const Interval& b);

[[nodiscard]] Interval exp(const Interval& x);
[[nodiscard]] Interval expm1(const Interval& x);
[[nodiscard]] Interval log(const Interval& x);
[[nodiscard]] Interval log1p(const Interval& x);
[[nodiscard]] Interval log2(const Interval& x);
[[nodiscard]] Interval log10(const Interval& x);
[[nodiscard]] Interval sqrt(const Interval& x);
[[nodiscard]] Interval sin(const Interval& x);
[[nodiscard]] Interval cos(const Interval& x);
[[nodiscard]] Interval tanh(const Interval& x);
[[nodiscard]] Interval abs(const Interval& x);
[[nodiscard]] Interval square(const Interval& x);
/// Returns x^n for n >= 0, tight for x of either sign.
[[nodiscard]] Interval power(const Interval& x, unsigned long n);
/// Returns x^q for x > 0: by an integer root and power where numerator and denominator are small, else as
/// exp(q ln x).
[[nodiscard]] Interval power(const Interval& x, const Rational& q);
[[nodiscard]] Interval interval_pi();
/// Returns ln 2 and ln 10.
[[nodiscard]] Interval interval_log2();
[[nodiscard]] Interval interval_log10();

}  // namespace promptbound

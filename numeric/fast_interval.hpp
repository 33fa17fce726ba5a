/// Certified intervals with binary64 ends: wider than Interval, and some hundred times faster.
///
/// Every operation rounds to nearest and then moves the ends outward, so that no rounding mode is ever
/// switched. The program must run in the default mode, round to nearest, with subnormal numbers kept.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

/// Returns a double that is at least (at most) the neighbour above (below) x, for finite x. With ulp(x) <=
/// 2^-52 |x| for normal x, and 2^-1074 the spacing of the subnormal numbers, the exact x + step is at least
/// the neighbour, and rounding is monotone.
[[nodiscard]] inline double step_up(double x) {
  return x + std::max(std::abs(x) * 0x1p-52, std::numeric_limits<double>::denorm_min());
}
[[nodiscard]] inline double step_down(double x) { return -step_up(-x); }

/// A closed interval of real numbers with binary64 ends, possibly infinite. What overflows or is undefined (a
/// division by an interval that contains 0) is the whole line: nothing is known of the number.
class FastInterval {
 public:
  FastInterval() = default;
  FastInterval(int value) : lower_(value), upper_(value) {}  // NOLINT(google-explicit-constructor): scalar
  explicit FastInterval(double value) : FastInterval(value, value) {}
  /// Makes [lower, upper]; the whole line if the ends are NaN or out of order.
  FastInterval(double lower, double upper) : lower_(lower), upper_(upper) {
    if (!(lower <= upper)) *this = whole_line();
  }
  explicit FastInterval(const Rational& value) : FastInterval(rounded(value)) {}
  explicit FastInterval(const Interval& value) : FastInterval(value.lower_double(), value.upper_double()) {}
  [[nodiscard]] static FastInterval whole_line() {
    FastInterval line;
    line.upper_ = std::numeric_limits<double>::infinity();
    line.lower_ = -line.upper_;
    return line;
  }

  [[nodiscard]] double lower() const { return lower_; }
  [[nodiscard]] double upper() const { return upper_; }
  /// Returns a point interval at an end.
  [[nodiscard]] FastInterval lower_point() const { return FastInterval(lower_); }
  [[nodiscard]] FastInterval upper_point() const { return FastInterval(upper_); }
  [[nodiscard]] bool is_finite() const { return std::isfinite(lower_) && std::isfinite(upper_); }
  [[nodiscard]] bool contains(const Rational& point) const { return Interval(*this).contains(point); }
  [[nodiscard]] bool contains(const FastInterval& inner) const {
    return lower_ <= inner.lower_ && inner.upper_ <= upper_;
  }
  /// Returns the same interval with multiple-precision ends; the working precision must be at least 53 bits
  /// for it to be no wider.
  explicit operator Interval() const { return {Interval(lower_), Interval(upper_)}; }

  FastInterval& operator+=(const FastInterval& b) {
    return *this = {sum_down(lower_, b.lower_), sum_up(upper_, b.upper_)};
  }
  FastInterval& operator-=(const FastInterval& b) { return *this += -b; }
  FastInterval& operator*=(const FastInterval& b);
  FastInterval& operator/=(const FastInterval& b);
  [[nodiscard]] FastInterval operator-() const { return {-upper_, -lower_}; }

  friend FastInterval operator+(FastInterval a, const FastInterval& b) { return a += b; }
  friend FastInterval operator-(FastInterval a, const FastInterval& b) { return a -= b; }
  friend FastInterval operator*(FastInterval a, const FastInterval& b) { return a *= b; }
  friend FastInterval operator/(FastInterval a, const FastInterval& b) { return a /= b; }

 private:
  /// Returns a + b rounded up: the rounding error of a sum is a double, found by Knuth's TwoSum; when it is
  /// not positive the rounded sum is an upper bound. A sum that overflows leaves a NaN error and takes the
  /// step.
  static double sum_up(double a, double b) {
    const double sum = a + b;
    const double b_part = sum - a;
    const double error = (a - (sum - b_part)) + (b - b_part);
    return error <= 0 ? sum : step_up(sum);
  }
  static double sum_down(double a, double b) { return -sum_up(-a, -b); }
  static FastInterval rounded(const Rational& value);

  double lower_ = 0;
  double upper_ = 0;
};

inline FastInterval& FastInterval::operator*=(const FastInterval& b) {
  const double corners[] = {lower_ * b.lower_, lower_ * b.upper_, upper_ * b.lower_, upper_ * b.upper_};
  // A factor that is exactly 0 is common (sparse weights) and gives exactly 0.
  if ((lower_ == 0 && upper_ == 0 && b.is_finite()) || (b.lower_ == 0 && b.upper_ == 0 && is_finite())) {
    return *this = FastInterval(0);
  }
  // 0 * inf and inf - inf make the sum NaN.
  if (std::isnan(corners[0] + corners[1] + corners[2] + corners[3])) return *this = whole_line();
  const auto [low, high] = std::minmax({corners[0], corners[1], corners[2], corners[3]});
  // The sign of a product of signed intervals is exact even where it underflows.
  const bool same_sign = (lower_ >= 0 && b.lower_ >= 0) || (upper_ <= 0 && b.upper_ <= 0);
  return *this = {same_sign ? std::max(0.0, step_down(low)) : step_down(low), step_up(high)};
}

inline FastInterval& FastInterval::operator/=(const FastInterval& b) {
  if (!(b.lower_ > 0 || b.upper_ < 0) || !is_finite() || !b.is_finite()) return *this = whole_line();
  if (lower_ == 0 && upper_ == 0) return *this;
  const auto [low, high] =
      std::minmax({lower_ / b.lower_, lower_ / b.upper_, upper_ / b.lower_, upper_ / b.upper_});
  const bool same_sign = (lower_ >= 0 && b.lower_ > 0) || (upper_ <= 0 && b.upper_ < 0);
  return *this = {same_sign ? std::max(0.0, step_down(low)) : step_down(low), step_up(high)};
}

/// Compares with certainty: true only if the relation holds for every pair of points.
[[nodiscard]] inline bool certainly_less(const FastInterval& a, const FastInterval& b) {
  return a.upper() < b.lower();
}
[[nodiscard]] inline bool certainly_less_equal(const FastInterval& a, const FastInterval& b) {
  return a.upper() <= b.lower();
}

/// Returns the smallest interval that contains both.
[[nodiscard]] inline FastInterval hull(const FastInterval& a, const FastInterval& b) {
  return {std::min(a.lower(), b.lower()), std::max(a.upper(), b.upper())};
}
/// Encloses min(x, y) and max(x, y).
[[nodiscard]] inline FastInterval min(const FastInterval& a, const FastInterval& b) {
  return {std::min(a.lower(), b.lower()), std::min(a.upper(), b.upper())};
}
[[nodiscard]] inline FastInterval max(const FastInterval& a, const FastInterval& b) {
  return {std::max(a.lower(), b.lower()), std::max(a.upper(), b.upper())};
}
[[nodiscard]] inline FastInterval abs(const FastInterval& x) {
  return {std::max({0.0, x.lower(), -x.upper()}), std::max(-x.lower(), x.upper())};
}

/// Returns e^x by a polynomial of our own with a proved error; the C library's exp, whose error no standard
/// bounds, is not used. Relative width at most 2^-47 for x in [-708, 709], a point.
[[nodiscard]] FastInterval exp(const FastInterval& x);

/// Returns sqrt(x) for the part of x that is not negative.
[[nodiscard]] FastInterval sqrt(const FastInterval& x);

}  // namespace promptbound

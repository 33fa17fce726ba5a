/// Numbers >= 0 of which only an upper bound is kept: sums, products and roots rounded upward.
#pragma once

#include <promptbound/numeric/fast_interval.hpp>

namespace promptbound {

/// An upper bound of a number >= 0; infinite where nothing is known.
class UpperBound {
 public:
  UpperBound() = default;
  /// Takes a bound; what is NaN or negative is none: infinity.
  explicit UpperBound(double value) : value_(value >= 0 ? value : std::numeric_limits<double>::infinity()) {}
  explicit UpperBound(const FastInterval& x) : UpperBound(std::max(0.0, x.upper())) {}
  [[nodiscard]] double value() const { return value_; }

  UpperBound& operator+=(const UpperBound& b) {
    if (b.value_ == 0) return *this;
    return *this = UpperBound(value_ == 0 ? b.value_ : step_up(value_ + b.value_));
  }
  friend UpperBound operator+(UpperBound a, const UpperBound& b) { return a += b; }
  friend UpperBound operator*(const UpperBound& a, const UpperBound& b) {
    const double product = a.value_ * b.value_;
    if ((a.value_ == 0 || b.value_ == 0) && product == 0) return {};
    return UpperBound(step_up(product));  // 0 times infinity is NaN, and so no bound
  }
  /// Divides by a lower bound.
  friend UpperBound operator/(const UpperBound& a, double below) {
    if (!(below > 0)) return UpperBound(std::numeric_limits<double>::infinity());
    return a.value_ == 0 ? a : UpperBound(step_up(a.value_ / below));
  }
  friend UpperBound min(const UpperBound& a, const UpperBound& b) { return a.value_ < b.value_ ? a : b; }
  friend UpperBound max(const UpperBound& a, const UpperBound& b) { return a.value_ < b.value_ ? b : a; }
  friend UpperBound sqrt(const UpperBound& a) {
    return a.value_ == 0 ? a : UpperBound(step_up(std::sqrt(a.value_)));
  }

 private:
  double value_ = 0;
};

}  // namespace promptbound

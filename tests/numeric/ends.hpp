/// Intervals with every combination of ends, points inside them, and Arb as the judge of what a function
/// gives.
#pragma once

#include <gmp.h>

#include <arb.h>
#include <doctest/doctest.h>
#include <flint/fmpq.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <promptbound/numeric/fast_interval.hpp>
#include <promptbound/numeric/interval.hpp>

#include "random.hpp"

namespace promptbound::ends {

/// What an end of an interval may be.
enum class End { minus_infinity, negative, zero, positive, infinity };

/// A combination of two ends; `point`: both are the same number.
struct Shape {
  End lower, upper;
  bool point = false;
};

inline std::string name(const Shape& shape) {
  static const char* const names[] = {"-inf", "negative", "0", "positive", "inf"};
  return std::string(shape.point ? "point " : "[") + names[static_cast<int>(shape.lower)] +
         (shape.point ? "" : std::string(", ") + names[static_cast<int>(shape.upper)] + "]");
}

/// Every combination that an interval of real numbers may have.
inline std::vector<Shape> all_shapes() {
  std::vector<Shape> shapes = {{End::negative, End::negative, true}, {End::positive, End::positive, true}};
  for (int lower = 0; lower <= static_cast<int>(End::positive); ++lower) {
    for (int upper = std::max(1, lower); upper <= static_cast<int>(End::infinity); ++upper) {
      const Shape shape{static_cast<End>(lower), static_cast<End>(upper)};
      shapes.push_back({shape.lower, shape.upper, shape.lower == End::zero && shape.upper == End::zero});
    }
  }
  return shapes;
}

/// One of each kind, where all combinations of four numbers would be too many.
inline std::vector<Shape> coarse_shapes() {
  return {{End::zero, End::zero, true},   {End::positive, End::positive, true},
          {End::negative, End::positive}, {End::minus_infinity, End::positive},
          {End::negative, End::infinity}, {End::minus_infinity, End::infinity}};
}

/// How often each combination is tried: as this environment variable says, or 20 times. The longer run also
/// prints its counts.
inline constexpr const char* samples_variable = "PROMPTBOUND_CONTAINMENT";

inline long samples() {
  const char* const given = std::getenv(samples_variable);
  return given == nullptr ? 20 : std::max(1L, std::atol(given));
}

/// An interval and a point of it.
template <class S>
struct Inside {
  S interval;
  Rational point;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  RandomNumbers& random() { return random_; }

  /// An interval of this shape, with a point: an end, 0, or another number inside, mostly of moderate size.
  template <class S>
  Inside<S> inside(const Shape& shape) {
    const double a = end(shape.lower);
    const double b = shape.point ? a : end(shape.upper);
    const double low = std::min(a, b), high = std::max(a, b);
    return {interval<S>(low, high), point(low, high)};
  }

  /// A number of [-1, 1].
  Rational delta() {
    return random_.integer(0, 2) == 0 ? Rational(random_.integer(-1, 1)) : random_.rational(-1, 1);
  }

  template <class T>
  const T& choose(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(random_.integer(0, static_cast<long>(values.size()) - 1))];
  }

 private:
  /// A positive number; 20 bits, so that every precision of the tests holds it.
  double size() {
    const double mantissa = static_cast<double>(random_.integer(1, 1L << 20)) * 0x1p-20;
    const bool moderate = random_.integer(0, 3) != 0;
    return std::ldexp(mantissa,
                      static_cast<int>(moderate ? random_.integer(-3, 6) : random_.integer(-1000, 1000)));
  }

  double end(End kind) {
    switch (kind) {
      case End::minus_infinity:
        return -std::numeric_limits<double>::infinity();
      case End::negative:
        return -size();
      case End::positive:
        return size();
      case End::infinity:
        return std::numeric_limits<double>::infinity();
      case End::zero:
        break;
    }
    return random_.integer(0, 1) == 0 ? 0.0 : -0.0;
  }

  template <class S>
  static S interval(double low, double high) {
    if constexpr (std::is_same_v<S, Interval>) {
      return {Interval(low), Interval(high)};
    } else {
      return {low, high};
    }
  }

  Rational point(double low, double high) {
    const bool from = std::isfinite(low), to = std::isfinite(high);
    switch (random_.integer(0, 4)) {
      case 0:
        if (from) return Rational(low);
        break;
      case 1:
        if (to) return Rational(high);
        break;
      case 2:
        if (low <= 0 && high >= 0) return 0;
        break;
      default:
        break;
    }
    if (from && to) return random_.rational(Rational(low), Rational(high));
    const Rational step = random_.rational(0, 1) * Rational(size());
    if (from) return Rational(low) + step;
    if (to) return Rational(high) - step;
    return random_.integer(0, 1) == 0 ? step : Rational(-step);
  }

  RandomNumbers random_;
};

/// Counts what was checked and keeps the first failures.
class Tally {
 public:
  void operator()(bool holds, const std::string& what, const std::vector<Shape>& shapes) {
    ++checks_;
    if (holds) return;
    if (++failures_ > 20) return;
    std::string text = what;
    for (const Shape& shape : shapes) text += " " + name(shape);
    FAIL_CHECK(text);
  }
  /// A sample on which the function, or the judge, says nothing.
  void skip() { ++skipped_; }

  ~Tally() {
    if (std::getenv(samples_variable) != nullptr) {
      MESSAGE(checks_ << " checks, " << failures_ << " failures, " << skipped_ << " samples without a value");
    }
    CHECK(failures_ == 0);
    CHECK(checks_ > 0);
  }

 private:
  long checks_ = 0, failures_ = 0, skipped_ = 0;
};

}  // namespace promptbound::ends

/// Linear forms over a box: intervals that remember how they depend on the box's coordinates.
#pragma once

#include <boost/container/small_vector.hpp>

#include <promptbound/numeric/scalar.hpp>

namespace promptbound {

/// c + sum_i a_i delta_i with delta_i in [-1, 1]; c and the a_i are enclosures (S is FastInterval or
/// Interval). A function on a box is enclosed by a form when for every point delta of the box its value is
/// in c + sum_i a_i delta_i. Sums of such functions lose nothing: x - x is 0, where intervals give [-w, w].
template <class S>
class LinearForm {  // NOLINT(bugprone-exception-escape): to move a small_vector throws only if to move S does
 public:
  LinearForm() : centre_(0) {}
  LinearForm(int value) : centre_(value) {}  // NOLINT(google-explicit-constructor): scalar
  explicit LinearForm(S value) : centre_(std::move(value)) {}
  /// Makes centre + radius delta_index.
  LinearForm(S centre, const S& radius, std::size_t index)
      : centre_(std::move(centre)), slopes_(index + 1, S(0)) {
    slopes_[index] = radius;
  }

  [[nodiscard]] const S& centre() const { return centre_; }
  /// Returns a_i; forms hold slopes up to the last one that was ever set.
  [[nodiscard]] const boost::container::small_vector<S, 3>& slopes() const { return slopes_; }
  [[nodiscard]] bool is_constant() const { return slopes_.empty(); }
  /// Encloses the form over the whole box.
  [[nodiscard]] S range() const { return centre_ + deviation(); }
  /// Encloses sum_i a_i delta_i over the whole box.
  [[nodiscard]] S deviation() const {
    S result(0);
    for (const S& slope : slopes_) result += hull(-slope, slope);
    return result;
  }

  /// Adds a_index delta_index.
  void add_slope(std::size_t index, const S& slope) {
    if (slopes_.size() <= index) slopes_.resize(index + 1, S(0));
    slopes_[index] += slope;
  }

  LinearForm& operator+=(const LinearForm& other) {
    centre_ += other.centre_;
    for (std::size_t i = 0; i < other.slopes_.size(); ++i) add_slope(i, other.slopes_[i]);
    return *this;
  }
  LinearForm& operator-=(const LinearForm& other) { return *this += -other; }
  LinearForm& operator*=(const S& factor) {
    centre_ *= factor;
    for (S& slope : slopes_) slope *= factor;
    return *this;
  }
  /// (a + x)(b + y) = a b + a y + b x + x y, the last as an interval.
  LinearForm& operator*=(const LinearForm& other) {
    if (other.is_constant()) return *this *= other.centre_;
    if (is_constant()) return *this = LinearForm(other) *= S(centre_);
    LinearForm result(S(centre_ * other.centre_ + deviation() * other.deviation()));
    for (std::size_t i = 0; i < slopes_.size(); ++i) result.add_slope(i, slopes_[i] * other.centre_);
    for (std::size_t i = 0; i < other.slopes_.size(); ++i) result.add_slope(i, other.slopes_[i] * centre_);
    return *this = std::move(result);
  }
  LinearForm& operator/=(const LinearForm& other) { return *this *= S(S(1) / other.range()); }
  [[nodiscard]] LinearForm operator-() const {
    LinearForm result{S(-centre_)};
    for (const S& slope : slopes_) result.slopes_.push_back(-slope);
    return result;
  }

  friend LinearForm operator+(LinearForm a, const LinearForm& b) { return a += b; }
  friend LinearForm operator-(LinearForm a, const LinearForm& b) { return a -= b; }
  friend LinearForm operator*(LinearForm a, const LinearForm& b) { return a *= b; }
  friend LinearForm operator/(LinearForm a, const LinearForm& b) { return a /= b; }

  /// Returns relu(t): exact where the sign of t is known, else slope t + [0, max(-slope l, (1 - slope) u)]
  /// for t in [l, u], by convexity for any slope in [0, 1]; slope = u/(u - l) makes both ends equal.
  [[nodiscard]] LinearForm positive_part() const {
    const S over = range();
    const S low = over.lower_point(), high = over.upper_point();
    if (certainly_less_equal(S(0), low)) return *this;
    if (certainly_less_equal(high, S(0))) return LinearForm(0);
    const S slope = max(S(0), min(S(1), (high / (high - low)).lower_point()));
    if (!slope.is_finite()) return LinearForm(max(S(0), over));
    LinearForm result = *this;
    result *= slope;
    result.centre_ += hull(S(0), max(-slope * low, (S(1) - slope) * high));
    return result;
  }

 private:
  S centre_;
  boost::container::small_vector<S, 3> slopes_;
};

template <class S>
inline constexpr bool is_interval<LinearForm<S>> = true;

/// Returns max(a, b) = b + relu(a - b).
template <class S>
[[nodiscard]] LinearForm<S> max(const LinearForm<S>& a, const LinearForm<S>& b) {
  return b + (a - b).positive_part();
}

/// Returns sin(c + x) = sin c + cos(xi) x: the mean value form.
template <class S>
[[nodiscard]] LinearForm<S> sin(const LinearForm<S>& x) {
  const Interval half_pi = interval_pi() / Interval(2);
  const S cosine(sin(Interval(x.range()) + half_pi));
  LinearForm<S> result{S(sin(Interval(x.centre())))};
  for (std::size_t i = 0; i < x.slopes().size(); ++i) result.add_slope(i, cosine * x.slopes()[i]);
  return result;
}

template <>
[[nodiscard]] inline LinearForm<FastInterval> from_rational(const Rational& value) {
  return LinearForm<FastInterval>(FastInterval(value));
}
template <>
[[nodiscard]] inline LinearForm<Interval> from_rational(const Rational& value) {
  return LinearForm<Interval>(Interval(value));
}

}  // namespace promptbound

namespace Eigen {
template <class S>
struct NumTraits<promptbound::LinearForm<S>> : IntervalTraits<promptbound::LinearForm<S>> {};
}  // namespace Eigen

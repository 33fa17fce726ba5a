#include <promptbound/numeric/interval.hpp>

#include <array>
#include <stdexcept>

#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

Rational exact_value(mpfr_srcptr x) {
  // MPFR would give 0 for what is no number.
  if (mpfr_number_p(x) == 0) throw std::domain_error("an infinite end of an interval has no exact value");
  Rational result;
  mpfr_get_q(result.backend().data(), x);
  return result;
}

/// MPFI answers NaN, at one end or both, where an operation is undefined.
void whole_line_for_nan(mpfi_ptr x) {
  if (mpfi_nan_p(x) == 0) return;
  mpfr_set_inf(&x->left, -1);
  mpfr_set_inf(&x->right, 1);
}

/// Applies one MPFI function to a fresh interval of the working precision.
template <class Function>
Interval apply(Function function, const Interval& x) {
  Interval result;
  function(result.get(), x.get());
  whole_line_for_nan(result.get());
  return result;
}

template <class Function>
Interval apply(Function function, const Interval& x, const Interval& y) {
  Interval result;
  function(result.get(), x.get(), y.get());
  whole_line_for_nan(result.get());
  return result;
}

bool is_whole_line(const Interval& x) {
  return mpfr_inf_p(&x.get()->left) != 0 && mpfr_inf_p(&x.get()->right) != 0 &&
         mpfr_sgn(&x.get()->left) < 0 && mpfr_sgn(&x.get()->right) > 0;
}

}  // namespace

Interval::Interval(long value) {
  mpfi_init(value_);
  mpfi_set_si(value_, value);
}

Interval::Interval(double value) {
  mpfi_init(value_);
  mpfi_set_d(value_, value);
  whole_line_for_nan(value_);
}

Interval::Interval(const Integer& value) {
  mpfi_init(value_);
  mpfi_set_z(value_, value.backend().data());
}

Interval::Interval(const Rational& value) {
  mpfi_init(value_);
  mpfi_set_q(value_, value.backend().data());
}

Interval::Interval(const Interval& lower, const Interval& upper) {
  // MPFI would exchange the ends.
  if (mpfr_greater_p(&lower.value_->left, &upper.value_->right) != 0) {
    throw std::logic_error("the lower end of an interval is above the upper one");
  }
  mpfi_init(value_);
  mpfi_interv_fr(value_, &lower.value_->left, &upper.value_->right);
}

Interval Interval::whole_line() {
  Interval line;
  mpfr_set_inf(&line.value_->left, -1);
  mpfr_set_inf(&line.value_->right, 1);
  return line;
}

// A copy keeps the precision of what it copies, so that no copy ever widens an enclosure.
Interval::Interval(const Interval& other) {
  mpfi_init2(value_, mpfi_get_prec(other.value_));
  mpfi_set(value_, other.value_);
}

Interval::Interval(Interval&& other) noexcept {
  mpfi_init2(value_, MPFR_PREC_MIN);
  mpfi_swap(value_, other.value_);
}

Interval& Interval::operator=(const Interval& other) {
  if (this != &other) {
    mpfi_set_prec(value_, mpfi_get_prec(other.value_));
    mpfi_set(value_, other.value_);
  }
  return *this;
}

Interval& Interval::operator=(Interval&& other) noexcept {
  mpfi_swap(value_, other.value_);
  return *this;
}

// The result takes the working precision, not that of the left operand.
Interval& Interval::operator+=(const Interval& other) { return *this = apply(mpfi_add, *this, other); }
Interval& Interval::operator-=(const Interval& other) { return *this = apply(mpfi_sub, *this, other); }
Interval& Interval::operator*=(const Interval& other) {
  // MPFI has 0 times anything as 0, also where nothing is known of the other number.
  if (is_whole_line(*this) || is_whole_line(other)) return *this = whole_line();
  return *this = apply(mpfi_mul, *this, other);
}
Interval& Interval::operator/=(const Interval& other) { return *this = apply(mpfi_div, *this, other); }
Interval Interval::operator-() const { return apply(mpfi_neg, *this); }

Rational Interval::lower() const { return exact_value(&value_->left); }
Rational Interval::upper() const { return exact_value(&value_->right); }
Interval Interval::lower_point() const {
  Interval point(*this);
  mpfi_interv_fr(point.value_, &value_->left, &value_->left);
  return point;
}
Interval Interval::upper_point() const {
  Interval point(*this);
  mpfi_interv_fr(point.value_, &value_->right, &value_->right);
  return point;
}
Interval Interval::midpoint() const {
  Interval point(*this);
  mpfr_add(&point.value_->left, &value_->left, &value_->right, MPFR_RNDN);
  mpfr_div_2ui(&point.value_->left, &point.value_->left, 1, MPFR_RNDN);
  // Infinite ends, or a sum that overflows: another point of the interval.
  if (mpfr_number_p(&point.value_->left) == 0) mpfr_set(&point.value_->left, &value_->left, MPFR_RNDN);
  if (mpfr_number_p(&point.value_->left) == 0) mpfr_set(&point.value_->left, &value_->right, MPFR_RNDN);
  if (mpfr_number_p(&point.value_->left) == 0) mpfr_set_zero(&point.value_->left, 1);
  mpfr_set(&point.value_->right, &point.value_->left, MPFR_RNDN);
  return point;
}

double Interval::lower_double() const { return mpfr_get_d(&value_->left, MPFR_RNDD); }
double Interval::upper_double() const { return mpfr_get_d(&value_->right, MPFR_RNDU); }

bool Interval::is_point() const { return mpfr_equal_p(&value_->left, &value_->right) != 0; }

bool Interval::contains(const Rational& point) const {
  return mpfr_cmp_q(&value_->left, point.backend().data()) <= 0 &&
         mpfr_cmp_q(&value_->right, point.backend().data()) >= 0;
}

bool Interval::contains(const Interval& inner) const { return mpfi_is_inside(inner.value_, value_) > 0; }

bool Interval::is_relatively_tight(long bits) const {
  if (!is_finite()) return false;
  if (is_point()) return true;
  if (mpfi_has_zero(value_) != 0) return false;
  mpfr_t width;
  mpfr_init2(width, 64);
  mpfr_sub(width, &value_->right, &value_->left, MPFR_RNDU);
  mpfr_mul_2si(width, width, bits, MPFR_RNDU);
  const bool is_positive = mpfr_sgn(&value_->left) > 0;
  const bool tight = mpfr_cmpabs(width, is_positive ? &value_->left : &value_->right) <= 0;
  mpfr_clear(width);
  return tight;
}

bool certainly_less(const Interval& a, const Interval& b) {
  return mpfr_less_p(&a.get()->right, &b.get()->left) != 0;
}
bool certainly_less_equal(const Interval& a, const Interval& b) {
  return mpfr_lessequal_p(&a.get()->right, &b.get()->left) != 0;
}

Interval hull(const Interval& a, const Interval& b) { return apply(mpfi_union, a, b); }
Interval intersection(const Interval& a, const Interval& b) {
  if (certainly_less(a, b) || certainly_less(b, a)) {
    throw std::logic_error("two enclosures of one number have nothing in common");
  }
  return apply(mpfi_intersect, a, b);
}

Interval min(const Interval& a, const Interval& b) {
  Interval result;
  mpfr_min(&result.get()->left, &a.get()->left, &b.get()->left, MPFR_RNDD);
  mpfr_min(&result.get()->right, &a.get()->right, &b.get()->right, MPFR_RNDU);
  return result;
}
Interval max(const Interval& a, const Interval& b) {
  Interval result;
  mpfr_max(&result.get()->left, &a.get()->left, &b.get()->left, MPFR_RNDD);
  mpfr_max(&result.get()->right, &a.get()->right, &b.get()->right, MPFR_RNDU);
  return result;
}

Interval exp(const Interval& x) { return apply(mpfi_exp, x); }
Interval expm1(const Interval& x) { return apply(mpfi_expm1, x); }

namespace {

/// An interval so narrow, right - left <= 2^-20 left, that the logarithm of its right end is bounded by that
/// of its left end and the slope there.
bool is_narrow(const Interval& x, mpfr_srcptr width) {
  return mpfr_zero_p(width) != 0 || mpfr_get_exp(width) + 20 <= mpfr_get_exp(&x.get()->left);
}

/// A logarithm by one evaluation: log(right) <= log(left) + (right - left)/slope, slope <= 1/log' on the
/// interval. `slope` is overwritten.
template <class Function>
Interval log_from_left(Function function, const Interval& x, mpfr_srcptr width, mpfr_ptr slope) {
  Interval result;
  const bool is_exact = function(&result.get()->left, &x.get()->left, MPFR_RNDD) == 0;
  mpfr_set(&result.get()->right, &result.get()->left, MPFR_RNDU);
  if (!is_exact) mpfr_nextabove(&result.get()->right);
  if (mpfr_zero_p(width) == 0) {
    mpfr_div(slope, width, slope, MPFR_RNDU);
    mpfr_add(&result.get()->right, &result.get()->right, slope, MPFR_RNDU);
  }
  return result;
}

/// Two numbers of 64 bits.
struct Pair {
  mpfr_t width, slope;
  Pair() { mpfr_inits2(64, width, slope, nullptr); }
  ~Pair() { mpfr_clears(width, slope, nullptr); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
};

}  // namespace

Interval log(const Interval& x) {
  if (!x.is_finite() || mpfr_sgn(&x.get()->left) <= 0) return apply(mpfi_log, x);
  Pair of;
  mpfr_sub(of.width, &x.get()->right, &x.get()->left, MPFR_RNDU);
  if (!is_narrow(x, of.width)) return apply(mpfi_log, x);
  mpfr_set(of.slope, &x.get()->left, MPFR_RNDD);
  return log_from_left(mpfr_log, x, of.width, of.slope);
}

Interval log1p(const Interval& x) {
  if (!x.is_finite() || mpfr_sgn(&x.get()->left) <= 0) return apply(mpfi_log1p, x);
  Pair of;
  mpfr_sub(of.width, &x.get()->right, &x.get()->left, MPFR_RNDU);
  if (!is_narrow(x, of.width)) return apply(mpfi_log1p, x);
  mpfr_add_ui(of.slope, &x.get()->left, 1, MPFR_RNDD);
  return log_from_left(mpfr_log1p, x, of.width, of.slope);
}

Interval log2(const Interval& x) { return apply(mpfi_log2, x); }
Interval log10(const Interval& x) { return apply(mpfi_log10, x); }
Interval sqrt(const Interval& x) { return apply(mpfi_sqrt, x); }
Interval sin(const Interval& x) { return apply(mpfi_sin, x); }
Interval cos(const Interval& x) { return apply(mpfi_cos, x); }
Interval tanh(const Interval& x) { return apply(mpfi_tanh, x); }
Interval abs(const Interval& x) { return apply(mpfi_abs, x); }
Interval square(const Interval& x) { return apply(mpfi_sqr, x); }

Interval power(const Interval& x, unsigned long n) {
  // MPFR's power by an integer is correctly rounded and monotone on x >= 0; even powers fold the sign away.
  const Interval base = n % 2 == 0 ? abs(x) : x;
  Interval result;
  mpfr_pow_ui(&result.get()->left, &base.get()->left, n, MPFR_RNDD);
  mpfr_pow_ui(&result.get()->right, &base.get()->right, n, MPFR_RNDU);
  return result;
}

Interval power(const Interval& x, const Rational& q) {
  constexpr unsigned long largest_numerator = 1000000;
  constexpr unsigned long largest_root = 64;
  const Integer top = numerator(q);
  const Integer bottom = denominator(q);
  if (top < 0 || top > largest_numerator || bottom > largest_root) return exp(Interval(q) * log(x));
  Interval raised = power(x, top.convert_to<unsigned long>());
  if (bottom == 1) return raised;
  const auto n = bottom.convert_to<unsigned long>();
  Interval result;
  mpfr_rootn_ui(&result.get()->left, &raised.get()->left, n, MPFR_RNDD);
  mpfr_rootn_ui(&result.get()->right, &raised.get()->right, n, MPFR_RNDU);
  whole_line_for_nan(result.get());
  return result;
}

Interval interval_pi() {
  Interval result;
  mpfi_const_pi(result.get());
  return result;
}

Interval interval_log2() {
  Interval result;
  mpfi_const_log2(result.get());
  return result;
}

Interval interval_log10() {
  // The sweeps divide by ln 10 at every point, always at a few precisions.
  struct Remembered {
    Interval log = Interval(0);
    long precision = 0;
  };
  thread_local std::array<Remembered, 16> remembered;
  Remembered& last = remembered[static_cast<std::size_t>(working_precision()) / 8 % remembered.size()];
  if (last.precision != working_precision()) last = {log(Interval(10)), working_precision()};
  return last.log;
}

}  // namespace promptbound

#include <functional>
#include <string_view>

#include <fmt/format.h>

#include <promptbound/bounds/saturation_regimes.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_binomial.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// binom(a + b, a), where it has few enough bits to be compared in full.
std::optional<Rational> exact_binomial(const Integer& a, const Integer& b) {
  const Integer& smaller = a < b ? a : b;
  constexpr unsigned long most_bits = 1UL << 20;
  if (smaller * bit_size(Integer(a + b)) > most_bits) return std::nullopt;
  return Rational(binomial(a + b, smaller.convert_to<unsigned long>()));
}

Quantity too_long(std::string_view covering) {
  return fmt::format("not computed: {} has more than {} digits", covering, longest_exact_integer);
}

/// Least m >= 1 with holds(m), for a condition that stays true once true: doubling exponents, then bisection
/// until the bracket is one integer or `digits` digits tight.
Quantity least_length(long digits, const std::function<bool(const Integer&)>& holds) {
  if (holds(1)) return Integer(1);
  Integer low = 1;  // fails
  Integer high = 2;
  while (!holds(high)) {
    low = high;
    high *= high;
  }
  const Integer tightness = power(Integer(10), static_cast<unsigned long>(digits) + 2);
  while (high - low > 1 && (high - low) * tightness > low) {
    // Geometric bisection while the bracket is wide: the square root of the product halves the exponent gap.
    Integer middle = high > 4 * low ? floor_root(low * high, 2) : Integer((low + high) / 2);
    if (middle == low) ++middle;
    (holds(middle) ? high : low) = middle;
  }
  if (high - low == 1) return high;
  const WorkingPrecision scope(bits_for_digits(digits) + 64);
  return Interval(Interval(low), Interval(high));
}

}  // namespace

SaturationRegimes::Covering SaturationRegimes::covering_of(const Rational& base, const Integer& w) {
  Covering result;
  result.power.times(base, w);
  if (result.power.is_writable()) result.exact = floor(result.power);
  return result;
}

SaturationRegimes::SaturationRegimes(Rational linear_base, Integer w, const Rational& covering_base,
                                     const Rational& plateau_base, Rational step_ratio)
    : linear_base_(std::move(linear_base)),
      w_(std::move(w)),
      step_ratio_(std::move(step_ratio)),
      c_(covering_of(covering_base, w_)),
      c_plateau_(covering_of(plateau_base, w_)) {}

Interval SaturationRegimes::log_linear(const Integer& m) const {
  return Interval(Integer(m * w_)) * log_rational(linear_base_);
}

Interval SaturationRegimes::log_multisets(const Integer& m) const {
  if (c_.exact) return log_binomial(m, *c_.exact - 1);
  // c is beyond 10^100000 and m is not: m ln c - ln m! <= ln binom(c+m-1, m) <= that + m^2/c.
  const Interval slack = Interval(Integer(m * m)) * negligible();
  const Interval leading = Interval(m) * c_.power.log() - log_factorial(m);
  return Interval(leading - slack, leading + slack);
}

Interval SaturationRegimes::log_plateau() const {
  if (c_plateau_.exact) {
    return log_binomial(ceil(Rational(step_ratio_ * *c_plateau_.exact)), *c_plateau_.exact - 1);
  }
  // q/(c'-1) = 2R/eta up to a factor 1 +- negligible(), and ln binom(a+b, a) = a (ln(1+x) + x ln(1+1/x)) up
  // to the Gaussian factor, |.| <= ln(a+b), with a = c' - 1, x = b/a.
  const Interval relative = Interval(Interval(1) - negligible(), Interval(1) + negligible());
  const Interval x = Interval(step_ratio_) * relative;
  const Interval entropy = log1p(x) + x * log1p(Interval(1) / x);
  return c_plateau_.power.value() * relative * entropy * relative;
}

std::optional<Rational> SaturationRegimes::linear_count(const Integer& m) const {
  return PowerProduct().times(linear_base_, m * w_).exact();
}

std::optional<Rational> SaturationRegimes::multiset_count(const Integer& m) const {
  return c_.exact ? exact_binomial(m, *c_.exact - 1) : std::nullopt;
}

std::optional<Rational> SaturationRegimes::plateau_count() const {
  return c_plateau_.exact
             ? exact_binomial(ceil(Rational(step_ratio_ * *c_plateau_.exact)), *c_plateau_.exact - 1)
             : std::nullopt;
}

bool SaturationRegimes::is_multiset_below_linear(const Integer& m) const {
  return decide_less([&] { return log_multisets(m); }, [&] { return log_linear(m); },
                     [&] {
                       const auto multisets = multiset_count(m);
                       return multisets && multisets == linear_count(m);
                     });
}

bool SaturationRegimes::is_plateau_multiset(const Integer& m) const {
  if (!c_.exact || !c_plateau_.exact) return false;
  const Integer a = *c_.exact - 1;
  const Integer b = *c_plateau_.exact - 1;
  const Integer q = ceil(Rational(step_ratio_ * *c_plateau_.exact));
  return (m == q && a == b) || (m == b && a == q);
}

bool SaturationRegimes::is_plateau_least(const Integer& m) const {
  if (is_plateau_multiset(m)) return false;
  // Below each of the two on its own, so that a tie with one needs no digits of the other.
  const auto is_below = [&](const Enclosing& log, const std::function<std::optional<Rational>()>& count) {
    return decide_less([&] { return log_plateau(); }, log,
                       [&] {
                         const auto plateau = plateau_count();
                         return plateau && plateau == count();
                       });
  };
  return is_below([&] { return log_multisets(m); }, [&] { return multiset_count(m); }) &&
         is_below([&] { return log_linear(m); }, [&] { return linear_count(m); });
}

Quantity SaturationRegimes::covering(long digits) const {
  return c_.exact ? Quantity(*c_.exact) : quantity(c_.power, digits);
}

Quantity SaturationRegimes::plateau_covering(long digits) const {
  return c_plateau_.exact ? Quantity(*c_plateau_.exact) : quantity(c_plateau_.power, digits);
}

Quantity SaturationRegimes::plateau_steps(long digits) const {
  if (c_plateau_.exact) return whole_quantity(ceil(Rational(step_ratio_ * *c_plateau_.exact)), digits);
  PowerProduct steps = c_plateau_.power;
  steps.times(step_ratio_);
  // Where q can be written out although c' cannot, it is q of the whole number c'.
  if (steps.is_writable())
    return whole_quantity(ceil(Rational(step_ratio_ * floor(c_plateau_.power))), digits);
  return ceil_quantity(steps, digits);
}

Quantity SaturationRegimes::plateau_quantity(long digits) const {
  const auto bits = [&] { return log_plateau() / interval_log2(); };
  if (c_plateau_.exact) return enclose(digits, bits);
  return Magnitude{enclose(digits, [&] { return log10(bits()); })};
}

Quantity SaturationRegimes::multiset_takes_over(long digits) const {
  if (!c_.exact) return too_long("c");
  // multiset - linear is concave in m and 0 at m = 0: once negative it stays negative.
  return least_length(digits, [&](const Integer& m) { return is_multiset_below_linear(m); });
}

Quantity SaturationRegimes::plateau_takes_over(long digits) const {
  // With one ball the multiset bound is 0 bits at every length.
  if (c_.exact && *c_.exact == 1) return std::string("none: the multiset bound is 0");
  if (!c_.exact) return too_long("c");
  if (!c_plateau_.exact) return too_long("c_plateau");
  const Integer a = *c_.exact - 1;
  // binom(a + m, a) lies between m^a/a! and m^a/a! e^{a^2/m}: beyond this length, where a^2/m is
  // negligible(), the crossing is read off directly.
  const Integer asymptotic = (a * a) << 150000;
  if (is_plateau_least(asymptotic))
    return least_length(digits, [&](const Integer& m) { return is_plateau_least(m); });
  return Magnitude{enclose(digits, [&] {
    const Interval log_m = (log_plateau() + log_factorial(a)) / Interval(a);
    // One more for rounding the length up to a whole number: a/m and 1/m are below negligible().
    return Interval(log_m - negligible(), log_m + negligible()) / interval_log10();
  })};
}

}  // namespace promptbound

#include <algorithm>
#include <cmath>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/chebyshev.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_binomial.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// The modified Bessel function I_l(S) = sum_k (S/2)^{2k+l}/(k! (k+l)!), by its series; the tail is geometric
/// once the ratio of consecutive terms is below 1/2.
Interval bessel(const Rational& S, unsigned long l) {
  const Interval half(Rational(S / 2));
  const Interval quarter_square = square(half);
  Interval factorial;
  mpfr_fac_ui(&factorial.get()->left, l, MPFR_RNDD);
  mpfr_fac_ui(&factorial.get()->right, l, MPFR_RNDU);
  Interval term = power(half, l) / factorial;
  Interval sum = term;
  const Integer whole = ceil(S);
  const Integer ratio_top = whole * whole / 2 + 1;  // term ratio <= 1/2 once k (k + l) >= 2 (S/2)^2 = S^2/2
  const Interval negligible(
      Rational(Integer(1), Integer(1) << static_cast<unsigned>(working_precision() + 8)));
  for (unsigned long k = 1;; ++k) {
    term *= quarter_square / Interval(Integer(Integer(k) * (k + l)));
    sum += term;
    // The ratio of all later terms is below 1/2, so they add at most `term`.
    if (certainly_less(term, sum * negligible) && Integer(k + 1) * (k + 1 + l) >= ratio_top) {
      return Interval(sum, sum + term);
    }
  }
}

/// Ratios of I_0(S), I_1(S), ... at the order `first`.
struct Ratios {
  Interval tail;  ///< sum_{l >= first} I_l/I_first
  Interval next;  ///< I_{first+1}/I_first
};

/// An order from which on I_{l+1}/I_l < S/(2(l+1)) <= 1/2, far enough beyond `first` that what is not known
/// there is lost in the rounding.
unsigned long far_order(const Rational& S, unsigned long first) {
  return std::max(first, ceil(S).convert_to<unsigned long>()) +
         static_cast<unsigned long>(working_precision());
}

/// By r_l = I_{l+1}/I_l = 1/(2(l+1)/S + r_{l+1}), the recurrence I_l = I_{l+2} + (2(l+1)/S) I_{l+1}
/// downwards: all terms are positive, and each step shrinks what is not known by r_l^2. Calls each(l, ratios
/// at l) for l from `last` (a far_order) down to `first`; `each` returns false to stop.
template <class Each>
void descend(const Rational& S, unsigned long last, unsigned long first, Each each) {
  const Interval one(1);
  const Interval two_over_S(Rational(2 / S));
  Ratios at{hull(one, Interval(2)), hull(Interval(0), Interval(Rational(1, 2)))};
  for (unsigned long l = last; each(l, at) && l > first; --l) {
    at.next = one / (two_over_S * Interval(static_cast<long>(l)) + at.next);
    at.tail = one + at.next * at.tail;
  }
}

/// 2 e^S sum_{l >= first} I_l(S), given sum_{l >= first} I_l/I_first and I_first.
Interval error_from(const Rational& S, const Interval& tail, const Interval& first) {
  return Interval(2) * exp(Interval(S)) * first * tail;
}

/// The truncation error at a degree, with its derivative: of ln error to ln S.
struct Growth {
  Interval error;
  Interval elasticity;
};

/// d/dS sum_{l > g} I_l = sum_{l > g} I_l + (I_g - I_{g+1})/2, since I_l' = (I_{l-1} + I_{l+1})/2.
Growth growth(const Rational& S, unsigned long degree) {
  const unsigned long after = degree + 1;
  Interval tail, next;  // sum_{l > g} I_l/I_{g+1} and I_{g+1}/I_g
  descend(S, far_order(S, after), degree, [&](unsigned long l, const Ratios& at) {
    if (l == after) tail = at.tail;
    next = at.next;
    return true;
  });
  const Interval one(1);
  return {error_from(S, tail, bessel(S, after)),
          Interval(S) * (Interval(2) + (one / next - one) / (Interval(2) * tail))};
}

/// A degree whose truncation_error is at most eta, not far above the least, by I_l(S) <= (S/2)^l/l!
/// e^{S^2/(4(l+1))} in binary64. A wrong guess costs time and nothing else.
unsigned long sufficient_degree(const Rational& S, const Rational& eta) {
  const double log_eta = log_rational(eta).lower_double();
  const double log_half = log_rational(S / 2).upper_double();
  const double score = Interval(S).upper_double();
  const auto is_enough = [&](unsigned long g) {
    const double l = static_cast<double>(g) + 1;
    return 2 * std::log(2) + score + l * log_half - std::lgamma(l + 1) + score * score / (4 * (l + 1)) <
           log_eta;
  };
  unsigned long high = ceil(S).convert_to<unsigned long>() + 1;
  while (!is_enough(high)) high *= 2;
  unsigned long low = 0;
  while (high - low > 1) {
    const unsigned long middle = (low + high) / 2;
    (is_enough(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace

Interval truncation_error(const Rational& S, const Integer& degree) {
  if (S == 0) return Interval(0);  // I_l(0) = 0 for l > 0
  const auto after = degree.convert_to<unsigned long>() + 1;
  Interval tail;
  descend(S, far_order(S, after), after, [&](unsigned long, const Ratios& at) {
    tail = at.tail;
    return true;
  });
  return error_from(S, tail, bessel(S, after));
}

Interval largest_score(const Integer& degree, const Rational& eta) {
  const auto g = degree.convert_to<unsigned long>();
  const long bits = working_precision() + 64;
  const WorkingPrecision scope(bits);
  // The first term of the sum alone, with e^S >= 1, exceeds eta beyond this S.
  const Interval first = log_factorial(degree + 1) + log_rational(eta) - interval_log2();
  const Interval ceiling = Interval(2) * exp(first / Interval(Integer(degree + 1)));
  // Newton's method for ln error = ln eta in ln S, with twice the bits that it has found.
  Rational S = ceiling.upper();
  constexpr int most_steps = 100;
  long known = 128;
  for (int i = 0; i < most_steps && known > 0; ++i) {
    const WorkingPrecision step_scope(std::min(known, bits));
    const Growth at = growth(S, g);
    const Interval step = (log_rational(eta) - log(at.error)) / at.elasticity;
    S = (Interval(S) * exp(step)).midpoint().lower();
    const Interval settled = power(Interval(Rational(1, 2)), static_cast<unsigned long>(known / 2 - 16));
    if (certainly_less(abs(step), settled)) known = known < bits ? 2 * known : 0;
  }
  const Interval slack = power(Interval(Rational(1, 2)), static_cast<unsigned long>(bits - 56));
  const Interval low = Interval(S) * (Interval(1) - slack);
  const Interval high = Interval(S) * (Interval(1) + slack);
  const bool is_enclosed = certainly_less_equal(truncation_error(low.lower(), degree), Interval(eta)) &&
                           certainly_less(Interval(eta), truncation_error(high.upper(), degree));
  return is_enclosed ? Interval(low, high) : Interval(Interval(0), ceiling);
}

std::vector<Interval> chebyshev_coefficients(const Rational& S, unsigned long degree) {
  // exp(s) = I_0(S) + 2 sum_l I_l(S) T_l(s/S), with T_{l+1}(x) = 2 x T_l(x) - T_{l-1}(x).
  std::vector<Integer> before(degree + 1), current(degree + 1);
  before[0] = 1;
  if (degree > 0) current[1] = 1;
  std::vector<Interval> coefficients(degree + 1, Interval(0));
  coefficients[0] = bessel(S, 0);
  for (unsigned long l = 1; l <= degree; ++l) {
    const Interval weight = Interval(2) * bessel(S, l);
    for (unsigned long i = 0; i <= l; ++i) coefficients[i] += weight * Interval(current[i]);
    std::vector<Integer> next(degree + 1);
    for (unsigned long i = 0; i <= degree; ++i)
      next[i] = (i > 0 ? Integer(2 * current[i - 1]) : Integer(0)) - before[i];
    before = std::move(current);
    current = std::move(next);
  }
  const Interval range(S);
  for (unsigned long i = 0; i <= degree; ++i) coefficients[i] /= power(range, i);
  return coefficients;
}

Integer least_degree(const Rational& S, const Rational& eta) {
  if (S == 0) return 0;
  unsigned long known = sufficient_degree(S, eta);
  const auto attempt = [&]() -> std::optional<Integer> {
    const Interval limit = Interval(eta) / (Interval(2) * exp(Interval(S)));
    while (true) {
      Interval current = bessel(S, known + 1);
      bool is_sufficient = true, is_decided = false;
      Integer least = 0;
      descend(S, far_order(S, known + 1), 1, [&](unsigned long l, const Ratios& at) {
        if (l > known + 1) return true;
        if (l <= known) current = current / at.next;  // I_l = I_{l+1}/(I_{l+1}/I_l)
        const Interval sum =
            at.tail * current;  // over l and beyond: the error at degree l - 1 is 2 e^S times it
        if (certainly_less_equal(sum, limit)) {
          is_decided = l == 1;
          return true;
        }
        is_sufficient = l <= known;
        is_decided = is_sufficient && certainly_less(limit, sum);
        least = l;
        return false;
      });
      if (is_decided) return least;
      if (is_sufficient) return std::nullopt;
      known *= 2;
    }
  };
  return at_rising_precision("the least degree", 128, attempt);
}

}  // namespace promptbound

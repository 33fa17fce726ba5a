#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <promptbound/bounds/box_grid.hpp>
#include <promptbound/bounds/lipschitz_grid.hpp>
#include <promptbound/bounds/prompt_packing.hpp>
#include <promptbound/bounds/search/grid_search.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

// Up to k = C, h_k = 1 and the largest k is best, forwards and backwards; so both searches begin at floor(C).
// Beyond, h_k = C/k.

namespace promptbound {
namespace {

/// The ceiling of an enclosed number: a point where the enclosure decides it, else what `exact` computes; an
/// enclosure only of a number with more digits before the point than the working precision holds.
template <class Exact>
Interval ceiling(const Interval& x, Exact exact) {
  Interval result(x);
  mpfr_ceil(&result.get()->left, &result.get()->left);
  mpfr_ceil(&result.get()->right, &result.get()->right);
  const bool has_known_digits = x.is_finite() && mpfr_get_exp(&x.get()->right) < working_precision() - 32;
  return result.is_point() || !has_known_digits ? result : Interval(Integer(exact()));
}

/// The whole numbers of {low, ..., high} next to the root of a falling function, by a step of Newton's
/// interval method from its value at `middle` and its derivative on the range, and the end beside the root
/// where it has none there; nothing where the function may not fall.
std::optional<std::pair<Integer, Integer>> beside_root(const Integer& low, const Integer& high,
                                                       const Integer& middle, const Interval& value,
                                                       const Interval& derivative) {
  if (!certainly_positive(-derivative)) return std::nullopt;
  const Interval root = Interval(middle) - value / derivative;
  if (!root.is_finite()) return std::nullopt;
  return std::pair{std::clamp(floor(root.lower()), low, high), std::clamp(ceil(root.upper()), low, high)};
}

/// Forwards in the Euclidean form: ln of (k+1)^n/ln(base_k), which grows with the bound.
class LengthObjective {
 public:
  explicit LengthObjective(const LipschitzPacking& problem)
      : p_(problem), twice_reach_(2 * p_.Lambda * p_.R), twice_eps_(2 * p_.functions.eps) {}

  [[nodiscard]] Interval value(const Integer& k) const { return log_points(k) - log(log1p(ratio(k))); }

  /// For low > C the better of two: the numerator at the upper end with the denominator at the lower one;
  /// and, where the objective is monotone on the range, its value at an end.
  [[nodiscard]] Interval bound(const Integer& low, const Integer& high) const {
    Interval crude = log_points(high) - log(log1p(ratio(low)));
    const int sign = slope_sign(low, high);
    if (sign == 0) return crude;
    return min(crude, value(sign > 0 ? high : low));
  }

  /// As GridObjective::contract.
  [[nodiscard]] std::optional<std::pair<Integer, Integer>> contract(const Integer& low,
                                                                    const Integer& high) const {
    if (low <= p_.functions.C) return std::nullopt;
    const Integer middle = (low + high) / 2;
    return beside_root(low, high, middle, slope_at(middle).value, slope_on(low, high).derivative);
  }

  [[nodiscard]] double approximate(const Integer& low, const Integer& high) const {
    const double ratio = nearly_ratio(low);
    // Beyond, binary64 has few digits or none.
    if (!(ratio > 1e-300 && ratio < 1e300)) return std::numeric_limits<double>::quiet_NaN();
    return p_.functions.n.convert_to<double>() * std::log1p(high.convert_to<double>()) -
           std::log(std::log1p(ratio));
  }

 private:
  [[nodiscard]] Interval log_points(const Integer& k) const {
    return Interval(p_.functions.n) * log(Interval(Integer(k + 1)));
  }
  /// C - 2 eps k > 0
  [[nodiscard]] Interval room(const Integer& k) const {
    const Interval difference = Interval(p_.functions.C) - Interval(twice_eps_) * Interval(k);
    return certainly_positive(difference) ? difference : Interval(Rational(p_.functions.C - twice_eps_ * k));
  }
  /// The same in binary64, to about 10 digits: exactly first where C - 2 eps k would lose more.
  [[nodiscard]] double nearly_ratio(const Integer& k) const {
    const double number = k.convert_to<double>();
    const bool is_flat = number <= nearly_.C;
    const double room = is_flat ? 1 - nearly_.twice_eps : nearly_.C - nearly_.twice_eps * number;
    constexpr double most_lost = 1e-5;
    if (!(room > most_lost * (is_flat ? 1 : nearly_.C))) return p_.ratio(k).convert_to<double>();
    return nearly_.twice_reach * (is_flat ? 1 : number) / room;
  }
  /// R/rho_k
  [[nodiscard]] Interval ratio(const Integer& k) const {
    if (k <= p_.functions.C) return Interval(p_.ratio(k));
    return Interval(twice_reach_) * Interval(k) / room(k);
  }
  /// The sign of the derivative on all of [low, high], low > C, or 0 where it is not clear: that of S,
  /// enclosed by its value in the middle and its derivative everywhere.
  [[nodiscard]] int slope_sign(const Integer& low, const Integer& high) const {
    if (low <= p_.functions.C) return 0;
    const Integer middle = (low + high) / 2;
    const Interval k{Interval(low), Interval(high)};
    const Interval S = slope_at(middle).value + slope_on(low, high).derivative * (k - Interval(middle));
    return certainly_positive(S) ? 1 : certainly_positive(-S) ? -1 : 0;
  }

  struct Slope {
    Interval value;
    Interval derivative;
  };
  /// With u = C - 2 eps k and a = 2 Lambda R the derivative of ln(1 + a k/u) is a C/(u (u + a k)), and that
  /// of n ln(k+1) is n/(k+1); so the objective's derivative has the sign of
  ///   S = n u (u + a k) ln(1 + a k/u) - a C (k+1).
  [[nodiscard]] Slope slope(const Interval& k, const Interval& u, const Interval& ratio) const {
    const Interval n(p_.functions.n), C(p_.functions.C), e(twice_eps_), one(1), a(twice_reach_);
    const Interval G = log1p(ratio);
    const Interval sum = u + a * k;
    return {n * u * sum * G - a * C * (k + one), n * ((u * (a - e) - e * sum) * G + a * C) - a * C};
  }

  [[nodiscard]] Slope slope_at(const Integer& k) const { return slope(Interval(k), room(k), ratio(k)); }
  [[nodiscard]] Slope slope_on(const Integer& low, const Integer& high) const {
    return slope({Interval(low), Interval(high)}, {room(high), room(low)}, {ratio(low), ratio(high)});
  }

  const LipschitzPacking& p_;
  Rational twice_reach_;
  Rational twice_eps_;
  struct {
    double C, twice_eps, twice_reach;
  } nearly_ = {mpq_get_d(p_.functions.C.backend().data()), mpq_get_d(twice_eps_.backend().data()),
               mpq_get_d(twice_reach_.backend().data())};
};

/// Backwards: eps_k.
class AccuracyObjective {
 public:
  AccuracyObjective(const LipschitzPacking& problem, const Integer& m)
      : p_(problem), entries_(p_.w * m), reach_(p_.Lambda * p_.R) {}

  [[nodiscard]] Interval value(const Integer& k) const {
    return half_height(k) - Interval(reach_) / cells(k);
  }

  /// As forwards.
  [[nodiscard]] Interval bound(const Integer& low, const Integer& high) const {
    Interval crude = half_height(low) - Interval(reach_) / cells(high);
    const int slope = envelope_slope(low, high);
    if (slope == 0) return crude;
    return min(crude, envelope(slope > 0 ? high : low));
  }

  /// As GridObjective::contract, in the Euclidean form: the logarithm of what decides the slope's sign
  /// (below) is 2 ln k + ln(n z/(k+1)) - z - 2 ln(1 - e^-z) - ln(C/(2 Lambda R)), whose derivative is
  ///   2/k + (n-1)/(k+1) - z' (1 + 2/(e^z - 1)).
  [[nodiscard]] std::optional<std::pair<Integer, Integer>> contract(const Integer& low,
                                                                    const Integer& high) const {
    if (low <= p_.functions.C) return std::nullopt;
    const Integer middle = (low + high) / 2;
    const Interval k{Interval(low), Interval(high)};
    const Interval z{log_cells(low), log_cells(high)};
    const Interval n(p_.functions.n), one(1), two(2);
    const Interval derivative = two / k + (n - one) / (k + one) - n * z / (k + one) * (one + two / expm1(z));
    return beside_root(low, high, middle, growing(middle) + falling(middle) - limit(), derivative);
  }

  [[nodiscard]] Interval half_height(const Integer& k) const {
    if (k <= p_.functions.C) return Interval(Rational(1, 2));
    return Interval(p_.functions.C) / Interval(Integer(2 * k));
  }

  /// ceil(X_k) - 1 where this fits a few machine words and is X_k - 1 in the Euclidean form.
  [[nodiscard]] std::optional<Integer> exact_cells(const Integer& k) const {
    constexpr int most_bits = 512;
    {
      const WorkingPrecision scope(64);
      if (!certainly_less(exponent(k), Interval(most_bits))) return std::nullopt;
    }
    if (!p_.is_box && !is_integer(exact_exponent(k))) return std::nullopt;
    return Integer(ceil_of_power(k) - 1);
  }

 private:
  /// log2 X_k
  [[nodiscard]] Interval exponent(const Integer& k) const {
    return p_.functions.bits(k).value() / Interval(entries_);
  }
  /// z = ln X_k
  [[nodiscard]] Interval log_cells(const Integer& k) const { return exponent(k) * interval_log2(); }
  [[nodiscard]] Rational exact_exponent(const Integer& k) const {
    return {Integer(p_.functions.s * power(Integer(k + 1), p_.functions.n.convert_to<unsigned long>())),
            entries_};
  }
  /// ceil(X_k): a power of two whose exponent is no whole number is irrational.
  [[nodiscard]] Integer ceil_of_power(const Integer& k) const {
    const Rational e = exact_exponent(k);
    if (is_integer(e)) return Integer(1) << numerator(e).convert_to<unsigned long>();
    return decide_ceil([&] { return exp(Interval(e) * interval_log2()); },
                       [](const Integer&) { return false; });
  }
  /// X_k - 1 or ceil(X_k) - 1
  [[nodiscard]] Interval cells(const Integer& k) const {
    const Interval z = log_cells(k);
    if (!p_.is_box) return expm1(z);
    return ceiling(exp(z), [&] { return ceil_of_power(k); }) - Interval(1);
  }
  /// The objective itself; in the box form with X_k in place of ceil(X_k) - 1, above it.
  [[nodiscard]] Interval envelope(const Integer& k) const {
    if (!p_.is_box) return value(k);
    return half_height(k) - Interval(reach_) / exp(log_cells(k));
  }
  /// The sign of the envelope's derivative on all of [low, high], low > C, or 0 where it is not clear. With
  /// z = ln X it is that of  2 Lambda R k^2 z' X/(X-1)^2 - C  (box: 1/X in place of X/(X-1)^2), z' = n
  /// z/(k+1); z' grows with k and the quotients fall.
  [[nodiscard]] int envelope_slope(const Integer& low, const Integer& high) const {
    if (low <= p_.functions.C) return 0;
    if (certainly_less(limit(), growing(low) + falling(high))) return 1;
    return certainly_less(growing(high) + falling(low), limit()) ? -1 : 0;
  }
  [[nodiscard]] Interval growing(const Integer& k) const {
    return Interval(2) * log(Interval(k)) +
           log(Interval(p_.functions.n) * log_cells(k) / Interval(Integer(k + 1)));
  }
  [[nodiscard]] Interval falling(const Integer& k) const {
    const Interval z = log_cells(k);
    return p_.is_box ? -z : -z - Interval(2) * log(-expm1(-z));
  }
  [[nodiscard]] Interval limit() const { return log(Interval(Rational(p_.functions.C / (2 * reach_)))); }

  const LipschitzPacking& p_;
  Integer entries_;
  Rational reach_;
};

}  // namespace

LipschitzPacking::LipschitzPacking(const Arguments& arguments, const Rational& eps)
    : functions(packing(arguments, eps)),
      R(arguments.rational(parameters::R)),
      Lambda(arguments.rational(parameters::Lambda)),
      w(arguments.integer(parameters::w)),
      is_box(is_box_form(arguments)) {}

Rational LipschitzPacking::ratio(const Integer& k) const {
  return 2 * Lambda * R / (functions.height(k) - 2 * functions.eps);
}

Rational LipschitzPacking::base(const Integer& k) const { return packing_base(ratio(k), is_box); }

Integer LipschitzPacking::best_for_length() const {
  if (is_box) return best_box_grid_number(*this);
  const LengthObjective objective(*this);
  GridObjective search{[&](const Integer& k) { return objective.value(k); },
                       [&](const Integer& low, const Integer& high) { return objective.bound(low, high); }};
  // Exact quotients of long numbers cost more than enclosures.
  constexpr unsigned long most_bits = 4096;
  if (bit_size(R) + bit_size(Lambda) + bit_size(functions.C) + bit_size(functions.eps) < most_bits)
    search.approximate = [&](const Integer& low, const Integer& high) {
      return objective.approximate(low, high);
    };
  search.contract = [&](const Integer& low, const Integer& high) { return objective.contract(low, high); };
  const Integer flat = std::min(floor(functions.C), functions.finest);
  return best_grid_number(std::max(flat, Integer(1)), functions.finest, search);
}

Interval LipschitzPacking::accuracy(const Integer& m, const Integer& k) const {
  return AccuracyObjective(*this, m).value(k);
}

std::optional<Rational> LipschitzPacking::exact_accuracy(const Integer& m, const Integer& k) const {
  const std::optional<Integer> cells = AccuracyObjective(*this, m).exact_cells(k);
  if (!cells) return std::nullopt;
  return Rational(functions.height(k) / 2 - Lambda * R / *cells);
}

Integer LipschitzPacking::best_for_accuracy(const Integer& m) const {
  const AccuracyObjective objective(*this, m);
  const Integer first = std::max(floor(functions.C), Integer(1));
  // Beyond `last` even h_k/2 is below what has been found; eps_k is near h_k/2 once X_k is large.
  Integer last = first;
  {
    const WorkingPrecision scope(128);
    Interval best = objective.value(first);
    while (!certainly_less(objective.half_height(2 * last), best)) {
      last *= 2;
      best = max(best, objective.value(last));
    }
    last *= 2;
  }
  GridObjective search{[&](const Integer& k) { return objective.value(k); },
                       [&](const Integer& low, const Integer& high) { return objective.bound(low, high); }};
  if (!is_box)
    search.contract = [&](const Integer& low, const Integer& high) { return objective.contract(low, high); };
  return best_grid_number(first, last, search);
}

}  // namespace promptbound

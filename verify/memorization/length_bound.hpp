/// Theory 2.2 under an accuracy: certified bounds on the length of every prompt whose error is at most e.
///
/// A prompt with S_P = s has V vbar = r, and its error at the attention output is at most e iff
///   |s r + S_i a_i - (s + S_i) t_i| <= e (s + S_i) for every example and coordinate,
/// so each r_c lies between max_i (t - e + (b - e S)/s) and min_i (t + e + (b + e S)/s). With A x0 = V^T y,
/// ln rho = ln s - y^T r, and m tokens need rho <= m (A x0 = 0: y = 0 and rho = s = m). The half-line s >= 0
/// is cut into pieces; each is free of feasible s, by a row of the floor (theory 2.3), or rho is bounded on
/// it.
#pragma once

#include <promptbound/verify/memorization/memorization_floor.hpp>

namespace promptbound {

/// What the pieces show.
enum class LengthGoal {
  at_least,    ///< rho > least - 1 on every piece: no non-empty prompt is shorter than `least`
  below_one,   ///< rho < 1 on every piece: no non-empty prompt (A x0 != 0)
  no_integer,  ///< no piece contains an integer s: no non-empty prompt (A x0 = 0)
};

/// Pieces [breaks[k], breaks[k+1]], the last one up to infinity; breaks[0] = 0.
struct LengthCertificate {
  LengthGoal goal = LengthGoal::at_least;
  Integer least = 1;  ///< for at_least
  Rational level;     ///< e
  std::vector<Rational> breaks;
  std::vector<std::optional<FloorRow>> rows;  ///< the row positive on the whole piece, where there is one
};

class LengthBound {
 public:
  /// Takes y with A x0 = V^T y; nothing when A x0 is not orthogonal to ker V, and then no length is excluded.
  LengthBound(std::vector<FloorExample> examples, Vector<Rational> y, Rational level);

  /// Returns a certificate for the goal at the working precision; nothing when none is found.
  [[nodiscard]] std::optional<LengthCertificate> certify(LengthGoal goal, const Integer& least) const;

  /// Returns the interval of r_c at s > 0.
  [[nodiscard]] std::pair<Interval, Interval> range(Index coordinate, const Interval& s) const;

 private:
  struct Ratio {
    Interval lower;
    std::optional<Interval> upper;
  };
  /// Bounds on rho over the feasible pairs with s in [u, v]; v absent for infinity, lower 0 when u = 0.
  [[nodiscard]] Ratio ratio(const Rational& u, const std::optional<Rational>& v) const;
  [[nodiscard]] bool shows(LengthGoal goal, const Integer& least, const Rational& u,
                           const std::optional<Rational>& v) const;

  /// r_c is bounded by constant + slope / s.
  struct Branch {
    Rational constant;
    Interval slope;
  };

  std::vector<FloorExample> examples_;
  Vector<Rational> y_;
  Rational level_;
  std::vector<std::vector<Branch>> low_, high_;  ///< for each coordinate, for each example
};

}  // namespace promptbound

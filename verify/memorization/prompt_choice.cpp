#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/memorization/prompt_choice.hpp>
#include <promptbound/verify/memorization/shared_query_prompt.hpp>

namespace promptbound {
namespace {

constexpr int samples = 160;
constexpr int refinements = 60;

/// A feasible pair: S_P = s, V vbar = r, and ln rho = ln s - y^T r.
struct Pair {
  Interval s;
  Vector<Interval> r;
  Interval log_rho;
};

/// At s, the r of least rho (pull = 1), of largest rho (pull = -1), or in the middle (pull = 0).
Pair pair_at(const LengthBound& bound, const Vector<Rational>& y, const Interval& s, int pull) {
  Pair pair{s, Vector<Interval>(y.size()), Interval(0)};
  for (Index c = 0; c < y.size(); ++c) {
    const auto [low, high] = bound.range(c, s);
    const int side = y(c) == 0 ? 0 : (y(c) > 0 ? pull : -pull);
    pair.r(c) = (side == 0 ? (low + high) / Interval(2) : (side > 0 ? high : low)).midpoint();
  }
  pair.log_rho = log(s) - dot(y, pair.r);
  return pair;
}

bool is_less(const Interval& a, const Interval& b) { return certainly_less(a.midpoint(), b.midpoint()); }

/// About the least (or, with pull = -1, the largest) rho over s in [low, high]: samples, then golden
/// sections.
Pair extreme_pair(const LengthBound& bound, const Vector<Rational>& y, const Interval& low,
                  const Interval& high, int pull) {
  const auto better = [&](const Pair& a, const Pair& b) {
    return pull > 0 ? is_less(a.log_rho, b.log_rho) : is_less(b.log_rho, a.log_rho);
  };
  const Interval ratio = high / low;
  const auto at = [&](const Interval& position) {  // position in [0, 1], in the logarithm of s
    return pair_at(bound, y, (low * exp(position * log(ratio))).midpoint(), pull);
  };
  const auto fraction = [](int k) { return Interval(k) / Interval(samples); };
  int best = samples / 2;
  Pair result = at(fraction(best));
  if (!certainly_less(Interval(Rational(1000001, 1000000)), ratio)) return result;
  for (int k = 1; k < samples; ++k) {
    Pair next = at(fraction(k));
    if (better(next, result)) {
      result = std::move(next);
      best = k;
    }
  }
  Interval left = fraction(best - 1), right = fraction(best + 1);
  for (int step = 0; step < refinements; ++step) {
    const Interval third = (right - left) / Interval(3);
    const Interval inner_left = (left + third).midpoint(), inner_right = (right - third).midpoint();
    Pair a = at(inner_left), b = at(inner_right);
    const bool keep_left = better(a, b);
    (keep_left ? right : left) = keep_left ? inner_right : inner_left;
    Pair& winner = keep_left ? a : b;
    if (better(winner, result)) result = std::move(winner);
  }
  return result;
}

/// The pair at `weight` on the way from a to b: (s, s r) moves on a line, along which the constraints are
/// convex.
Pair between(const Pair& a, const Pair& b, const Vector<Rational>& y, const Interval& weight) {
  Pair pair{(a.s + weight * (b.s - a.s)).midpoint(), Vector<Interval>(y.size()), Interval(0)};
  for (Index c = 0; c < y.size(); ++c) {
    const Interval from = a.s * a.r(c), to = b.s * b.r(c);
    pair.r(c) = ((from + weight * (to - from)) / pair.s).midpoint();
  }
  pair.log_rho = log(pair.s) - dot(y, pair.r);
  return pair;
}

Vector<Interval> mean_token(const Matrix<Rational>& inverse, const Vector<Interval>& r) {
  Vector<Interval> mean(inverse.rows());
  for (Index k = 0; k < mean.size(); ++k) mean(k) = dot(inverse.row(k), r);
  return mean;
}

PromptChoice refusal(std::string why, bool needs_mass = false) {
  return {std::nullopt, needs_mass, false, std::move(why)};
}

}  // namespace

PromptChoice choose_prompt(const std::vector<FloorExample>& examples, const Matrix<Rational>& V,
                           const Vector<Rational>& direction, const Rational& level) {
  const auto sums = MemorizationFloor(examples).feasible(level);
  if (!sums) return refusal("no S_P is feasible at the error aimed at, a little below the accuracy");
  // Where nothing bounds S_P it is sought far on both sides of 1 and of what the examples' own keys weigh.
  Interval tiny(1), huge(1);
  for (const FloorExample& example : examples) {
    const Interval S = example.sums.S.enclosure();
    if (!S.is_finite()) return refusal("the sums of the examples' keys have no finite enclosure");
    tiny = min(tiny, S.lower_point());
    huge = max(huge, S.upper_point());
  }
  tiny *= exp(Interval(-100));
  huge *= exp(Interval(100));
  const bool bounded = sums->high_row.has_value();
  Interval low = sums->low.upper_point(), high = bounded ? sums->high.lower_point() : huge;
  if (!certainly_less(tiny, low)) low = certainly_less(tiny, high) ? tiny : high / Interval(2);
  if (certainly_less(high, low))
    return {std::nullopt, false, true, "the precision does not separate the feasible S_P"};
  const Matrix<Rational> inverse = generalized_inverse(V);
  const auto y = solve(Matrix<Rational>(V.transpose()), direction);

  if (direction.isZero(0)) {
    const LengthBound bound(examples, Vector<Rational>::Zero(direction.size()), level);
    Integer m = ceil(low.upper());
    if (m < 1) m = 1;
    if (!certainly_less_equal(Interval(m), high))
      return refusal("no integer S_P is seen to be feasible at the error aimed at", true);
    if (m > longest_written_prompt) return refusal("the prompt is too long to be written out");
    const Pair pair = pair_at(bound, Vector<Rational>::Zero(direction.size()), Interval(m), 0);
    return {realise_prompt(pair.s, mean_token(inverse, pair.r), direction, m.convert_to<long>(), true), false,
            false, ""};
  }
  if (!y) {
    // Along ker V the score of one token moves freely until e^score = s.
    const Interval s = bounded ? ((low + high) / Interval(2)).midpoint() : low + Interval(1);
    const LengthBound bound(examples, Vector<Rational>::Zero(direction.size()), level);
    Vector<Interval> token =
        mean_token(inverse, pair_at(bound, Vector<Rational>::Zero(direction.size()), s, 0).r);
    const Matrix<Rational> null_space = kernel(V);
    for (Index k = 0; k < null_space.cols(); ++k) {
      const Rational slope = null_space.col(k).dot(direction);
      if (slope == 0) continue;
      const Interval step = (log(s) - dot(direction, token)) / Interval(slope);
      for (Index c = 0; c < token.size(); ++c) token(c) += step * Interval(null_space(c, k));
      break;
    }
    return {Matrix<Interval>(token), false, false, ""};
  }

  const LengthBound bound(examples, *y, level);
  Pair pair = extreme_pair(bound, *y, low, high, 1);
  if (!pair.log_rho.is_finite()) return refusal("the precision does not determine rho");
  if (!certainly_positive(pair.log_rho)) {
    // rho <= 1 somewhere: one token, at rho = 1 on the way to a pair of larger rho.
    const Pair other = bounded ? extreme_pair(bound, *y, low, high, -1) : pair_at(bound, *y, high, -1);
    if (!certainly_positive(other.log_rho))
      return refusal("every pair of S_P and mean token that was tried has rho < 1", true);
    const Interval weight = enclose_root(
        [&](const Interval& w) { return between(pair, other, *y, w).log_rho; }, Interval(0), Interval(1));
    pair = between(pair, other, *y, weight.midpoint());
    return {realise_prompt(pair.s, mean_token(inverse, pair.r), direction, 1, true), false, false, ""};
  }
  const Interval rho = exp(pair.log_rho);
  const Integer m = rho.is_finite() ? ceil(rho.upper()) : Integer(longest_written_prompt + 1);
  if (m > longest_written_prompt) {
    return refusal("a prompt of rho or more tokens, ln rho about " +
                   decimal(pair.log_rho.upper(), 6, Direction::up) + ", is too long to be written out");
  }
  return {realise_prompt(pair.s, mean_token(inverse, pair.r), direction, m.convert_to<long>(), false), false,
          false, ""};
}

}  // namespace promptbound

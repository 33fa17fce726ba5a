#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/memorization/length_bound.hpp>

namespace promptbound {
namespace {

constexpr std::size_t most_pieces = 2000;

}  // namespace

LengthBound::LengthBound(std::vector<FloorExample> examples, Vector<Rational> y, Rational level)
    : examples_(std::move(examples)), y_(std::move(y)), level_(std::move(level)) {
  const Interval e(level_);
  for (Index c = 0; c < y_.size(); ++c) {
    std::vector<Branch> low, high;
    for (const FloorExample& example : examples_) {
      const Rational& t = example.target(c);
      const Interval S = example.sums.S.enclosure();
      const Interval b =
          S * Interval(t) - example.sums.weighted_values[static_cast<std::size_t>(c)].enclosure();
      low.push_back({t - level_, b - e * S});
      high.push_back({t + level_, b + e * S});
    }
    low_.push_back(std::move(low));
    high_.push_back(std::move(high));
  }
}

std::pair<Interval, Interval> LengthBound::range(Index coordinate, const Interval& s) const {
  const auto c = static_cast<std::size_t>(coordinate);
  std::optional<Interval> low, high;
  for (std::size_t i = 0; i < examples_.size(); ++i) {
    const Interval below = Interval(low_[c][i].constant) + low_[c][i].slope / s;
    const Interval above = Interval(high_[c][i].constant) + high_[c][i].slope / s;
    low = low ? max(*low, below) : below;
    high = high ? min(*high, above) : above;
  }
  return {*low, *high};
}

LengthBound::Ratio LengthBound::ratio(const Rational& u, const std::optional<Rational>& v) const {
  if (y_.isZero(0)) return {Interval(u), v ? std::optional(Interval(*v)) : std::nullopt};
  if (u == 0) return {Interval(0), std::nullopt};
  // constant + slope/s is monotone in s: its extremes over the piece are at the ends.
  const Interval at_u = Interval(1) / Interval(u);
  const Interval at_v = v ? Interval(1) / Interval(*v) : Interval(0);
  const auto ends = [&](const Branch& branch) {
    const Interval constant(branch.constant);
    return std::pair(constant + branch.slope * at_u, constant + branch.slope * at_v);
  };
  Interval largest, smallest;  // of y^T r
  for (Index c = 0; c < y_.size(); ++c) {
    if (y_(c) == 0) continue;
    std::optional<Interval> low, high;
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      const auto [low_u, low_v] = ends(low_[static_cast<std::size_t>(c)][i]);
      const auto [high_u, high_v] = ends(high_[static_cast<std::size_t>(c)][i]);
      low = low ? max(*low, min(low_u, low_v)) : min(low_u, low_v);
      high = high ? min(*high, max(high_u, high_v)) : max(high_u, high_v);
    }
    const Interval factor(y_(c));
    largest += factor * (y_(c) > 0 ? *high : *low);
    smallest += factor * (y_(c) > 0 ? *low : *high);
  }
  Ratio result{Interval(u) * exp(-largest), std::nullopt};
  if (v) result.upper = Interval(*v) * exp(-smallest);
  return result;
}

bool LengthBound::shows(LengthGoal goal, const Integer& least, const Rational& u,
                        const std::optional<Rational>& v) const {
  if (goal == LengthGoal::no_integer) return v && u > 0 && floor(*v) < ceil(u);
  const Ratio bounds = ratio(u, v);
  if (goal == LengthGoal::below_one) return bounds.upper && certainly_less(*bounds.upper, Interval(1));
  return certainly_less(Interval(Integer(least - 1)), bounds.lower);
}

std::optional<LengthCertificate> LengthBound::certify(LengthGoal goal, const Integer& least) const {
  const auto sums = MemorizationFloor(examples_).feasible(level_);
  if (!sums || !sums->low.is_finite() || !sums->high.is_finite()) return std::nullopt;
  LengthCertificate certificate{goal, least, level_, {0}, {}};
  const auto add = [&](const std::optional<Rational>& end, const std::optional<FloorRow>& row) {
    certificate.rows.push_back(row);
    if (end) certificate.breaks.push_back(*end);
  };
  // The infeasible ends, short of the feasible range by a margin that keeps their rows positive.
  const auto low = sums->low.lower();
  const Rational margin(Integer(1), Integer(1) << static_cast<unsigned>(working_precision() / 2));
  if (sums->low_row) {
    const Rational end = low * (1 - margin);
    if (end > 0) add(end, sums->low_row);
  }
  std::optional<Rational> high;
  if (sums->high_row) high = sums->high.upper() * (1 + margin);
  if (!high) {
    Rational tail = certificate.breaks.back() + 1;
    for (int doubling = 0; !shows(goal, least, tail, std::nullopt); ++doubling) {
      if (doubling == 200) return std::nullopt;
      tail *= 2;
    }
    high = tail;
  }
  // Depth first from the left, so that the breaks come in order.
  std::vector<Rational> ends{*high};
  while (!ends.empty()) {
    const Rational& start = certificate.breaks.back();
    const Rational end = ends.back();
    if (end <= start) return std::nullopt;
    if (shows(goal, least, start, end)) {
      add(end, std::nullopt);
      ends.pop_back();
    } else {
      if (certificate.rows.size() + ends.size() > most_pieces) return std::nullopt;
      ends.push_back(start > 0 && end > 4 * start ? Rational(2 * start) : Rational((start + end) / 2));
      if (ends.back() - start < margin * end) return std::nullopt;
    }
  }
  add(std::nullopt, sums->high_row);
  return certificate;
}

}  // namespace promptbound

#include <promptbound/verify/supremum/box_division.hpp>

#include <algorithm>
#include <cmath>

#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/supremum/softmax_mean.hpp>

namespace promptbound {
namespace {

/// More coordinates than this are too many to try each: the widest is halved.
constexpr std::size_t most_tried = 4;
constexpr long precise_bits = 160;

/// The alpha-norm of the errors in a box, from both sides.
template <class S>
S norm(const Matrix<LinearForm<S>>& forms, const Number& alpha) {
  if (alpha.infinite) {
    S largest(0);
    for (const LinearForm<S>& form : forms.reshaped()) largest = max(largest, abs(form.range()));
    return largest;
  }
  return S(
      alpha_norm(forms.unaryExpr([](const LinearForm<S>& form) { return Interval(form.range()); }), alpha));
}

/// The coordinate whose extent costs the bound most: the bound of the box without that extent falls furthest.
/// A small reward for extent itself decides where no single coordinate changes the bound.
std::size_t costliest(BoxBounds& bounds, const Leaf& leaf, const KeySelection& keys) {
  constexpr double reward = 0x1p-6;
  std::size_t result = 0;
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < leaf.box.centre.size(); ++i) {
    double merit = reward * leaf.box.radius[i];
    if (leaf.box.centre.size() <= most_tried) {
      Box flat = leaf.box;
      flat.radius[i] = 0;
      // Bounds too large to mean anything leave the choice to the extents.
      merit -= std::min({bounds.errors(flat, keys).upper(), leaf.upper, 1e6});
    }
    if (merit > best) {
      best = merit;
      result = i;
    }
  }
  return result;
}

}  // namespace

ErrorWitness error_witness(const Point& point, const Target& target) {
  ErrorWitness witness{Matrix<Rational>(target.d, target.L), Rational(point.lower)};
  for (std::size_t o = 0; o < point.X.size(); ++o) {
    const auto i = static_cast<Index>(o);
    witness.X(i % target.d, i / target.d) = Rational(point.X[o]);
  }
  return witness;
}

FastInterval BoxBounds::errors(const Box& box, const KeySelection& keys) {
  return finite_norm(box, fast_(box, keys));
}

double BoxBounds::measure(const Leaf& leaf, KeySelection& refined) {
  return finite_norm(leaf.box, fast_(leaf.box, leaf.keys ? *leaf.keys : fast_.all_keys(), &refined)).upper();
}

std::shared_ptr<const KeySelection> BoxBounds::inspect(const Leaf& leaf, Point& point) {
  auto refined = std::make_shared<KeySelection>();
  const auto forms = fast_(leaf.box, leaf.keys ? *leaf.keys : fast_.all_keys(), refined.get());
  point = promising(leaf.box, *refined, forms);
  return refined;
}

FastInterval BoxBounds::finite_norm(const Box& box, const Matrix<LinearForm<FastInterval>>& forms) {
  const FastInterval fast = norm(forms, problem_.alpha);
  if (fast.is_finite()) return fast;
  const WorkingPrecision scope(precise_bits);
  {
    const std::scoped_lock lock(mutex_);
    if (!precise_) precise_.emplace(problem_);
  }
  return FastInterval(norm((*precise_)(box, precise_->all_keys()), problem_.alpha));
}

/// The point of the box where the linear part of the worst output is extreme.
Point BoxBounds::promising(const Box& box, const KeySelection& keys,
                           const Matrix<LinearForm<FastInterval>>& forms) {
  const auto size = [](const LinearForm<FastInterval>& form) { return abs(form.range()).upper(); };
  const auto worst = std::max_element(forms.reshaped().begin(), forms.reshaped().end(),
                                      [&](const auto& a, const auto& b) { return size(a) < size(b); });
  const auto middle = [](const FastInterval& x) { return x.lower() + x.upper(); };
  const double sign = middle(worst->centre()) < 0 ? -1 : 1;
  Point result;
  Box corner = box;
  for (std::size_t i = 0; i < corner.centre.size(); ++i) {
    const double slope = i < worst->slopes().size() ? sign * middle(worst->slopes()[i]) : 0;
    corner.centre[i] += slope > 0 ? box.radius[i] : slope < 0 ? -box.radius[i] : 0;
    corner.radius[i] = 0;
    result.X.push_back(corner.centre[i]);
  }
  result.lower = errors(corner, keys).lower();
  return result;
}

double goal(const std::optional<Rational>& eps, const std::optional<Rational>& ratio, double lower) {
  const WorkingPrecision scope(fast_bits);
  double level = std::numeric_limits<double>::infinity();
  // An error is a norm: where none is known it is at least 0.
  if (ratio) level = Interval(Rational((1 + *ratio) * Rational(std::max(lower, 0.0)))).lower_double();
  if (eps) level = std::min(level, Interval(*eps).lower_double());
  return level;
}

std::pair<Box, Box> halves(const Box& box, std::size_t i) {
  const double radius = box.radius[i] / 2;
  const auto half = [&](double step) {
    Box part = box;
    part.centre[i] += step;
    // What rounding moved the centre by is itself a double, since |step| <= |centre| (Dekker).
    const double moved = std::fabs(step - (part.centre[i] - box.centre[i]));
    part.radius[i] = moved == 0 ? radius : step_up(radius + moved);
    return part;
  };
  return {half(-radius), half(radius)};
}

Division divide(BoxBounds& bounds, const Leaf& leaf) {
  const WorkingPrecision scope(fast_bits);
  Division result;
  const auto keys = bounds.inspect(leaf, result.point);
  const std::size_t i = costliest(bounds, leaf, *keys);
  if (leaf.box.radius[i] < smallest_radius) return result;
  result.coordinate = i;
  auto [first, second] = halves(leaf.box, i);
  // A half has no larger error than the whole.
  result.halves.emplace(Leaf{leaf.upper, std::move(first), keys, 0},
                        Leaf{leaf.upper, std::move(second), keys, 0});
  for (Leaf* half : {&result.halves->first, &result.halves->second}) {
    half->upper = std::min(bounds.errors(half->box, *keys).upper(), half->upper);
  }
  return result;
}

}  // namespace promptbound

#include <promptbound/verify/supremum/region_search.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <promptbound/constructions/lookup/packed_recognition.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/supremum/halving_tree.hpp>

namespace promptbound {
namespace {

void need(bool fits) {
  if (!fits) throw InputError("region: the path or the tree does not fit the problem");
}

}  // namespace

RegionSearch::RegionSearch(ApproximationProblem problem, Rational eps, std::optional<Rational> ratio)
    : problem_(std::move(problem)), eps_(std::move(eps)), ratio_(std::move(ratio)), bounds_(problem_) {
  problem_.check();
  if (eps_ < 0) throw InputError("eps: " + eps_.str() + " (accepted: eps >= 0)");
  if (ratio_ && *ratio_ < 0) throw InputError("ratio: " + ratio_->str() + " (accepted: ratio >= 0)");
  if (static_cast<std::size_t>(problem_.target.n()) > most_letters) {
    throw InputError("L: inputs of more than " + std::to_string(most_letters) +
                     " coordinates are not searched in regions");
  }
  if (recognise_packed_lookup(problem_.model, problem_.prompt, problem_.tokens, problem_.target.d)) {
    throw InputError(
        "model: the network of theory 5.9 is decided by its stored values, in one process "
        "(accepted: promptbound verify)");
  }
}

RegionSearch::Bounded RegionSearch::bounded(const std::string& path, const Leaf& leaf) {
  constexpr std::size_t most_halvings = 6;
  const bool is_large = path.size() <= 2 * most_halvings;
  if (is_large) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = large_.find(path); found != large_.end()) return found->second;
  }
  auto keys = std::make_shared<KeySelection>();
  const double upper = std::min(leaf.upper, bounds_.measure(leaf, *keys));
  Bounded result{upper, std::move(keys)};
  if (is_large) {
    const std::scoped_lock lock(mutex_);
    large_.emplace(path, result);
  }
  return result;
}

/// The bounded box at the end of a path.
Leaf RegionSearch::box_at(const std::string& path) {
  need(path.size() % 2 == 0);
  Leaf leaf;
  leaf.box = unit_cube(static_cast<std::size_t>(problem_.target.n()));
  for (std::size_t i = 0; i < path.size(); i += 2) {
    const std::size_t coordinate = coordinate_letters.find(path[i]);
    need(coordinate < leaf.box.centre.size() && leaf.box.radius[coordinate] >= smallest_radius);
    need(path[i + 1] == '<' || path[i + 1] == '>');
    Bounded known = bounded(path.substr(0, i), leaf);
    auto [low, high] = halves(leaf.box, coordinate);
    leaf = {known.upper, std::move(path[i + 1] == '<' ? low : high), std::move(known.keys), 0};
  }
  return leaf;
}

/// The boxes of a tree that are not halved, bounded, the last in preorder first.
std::vector<Leaf> RegionSearch::leaves(const HalvingTree& tree, Leaf root) {
  std::vector<Leaf> result;
  std::vector<Leaf> pending;
  pending.push_back(std::move(root));
  while (!pending.empty()) {
    Leaf leaf = std::move(pending.back());
    pending.pop_back();
    auto keys = std::make_shared<KeySelection>();
    leaf.upper = std::min(leaf.upper, bounds_.measure(leaf, *keys));
    if (tree.coordinate(leaf.node) < 0) {
      result.push_back(std::move(leaf));
      continue;
    }
    const auto coordinate = static_cast<std::size_t>(tree.coordinate(leaf.node));
    need(leaf.box.radius[coordinate] >= smallest_radius);
    auto [low, high] = halves(leaf.box, coordinate);
    const std::uint32_t first = tree.first_half(leaf.node);
    pending.push_back({leaf.upper, std::move(low), keys, first});
    pending.push_back({leaf.upper, std::move(high), keys, first + 1});
  }
  return result;
}

RegionReport RegionSearch::operator()(const Region& region, std::uint64_t most_boxes, double lower) {
  const WorkingPrecision scope(fast_bits);
  RegionReport report;
  double level = goal(lower);
  const auto take = [&](Point point) {
    if (!std::isfinite(point.lower) || point.lower <= report.point.lower) return;
    report.point = std::move(point);
    report.is_refuted = Rational(report.point.lower) > eps_;
    level = goal(std::max(lower, report.point.lower));
  };
  HalvingTree tree(region.tree, static_cast<std::size_t>(problem_.target.n()));
  Leaf root = box_at(region.path);
  if (region.path.empty()) take(point(root.box.centre));
  std::vector<Leaf> waiting = leaves(tree, std::move(root));
  for (std::uint64_t boxes = 0; !waiting.empty();) {
    const Leaf leaf = std::move(waiting.back());
    waiting.pop_back();
    if (leaf.upper <= level) {
      report.settled = std::max(report.settled.value_or(0), leaf.upper);
      continue;
    }
    std::optional<Division> division;
    if (boxes < most_boxes && !tree.is_full() && !report.is_refuted) {
      division = divide(bounds_, leaf);
      take(std::move(division->point));
      if (!division->halves) report.is_too_small = true;
    }
    if (!division || !division->halves) {
      tree.leave_open(leaf.node);
      report.open.push_back(leaf.upper);
      continue;
    }
    auto& [first, second] = *division->halves;
    first.node = tree.halve(leaf.node, division->coordinate);
    second.node = first.node + 1;
    waiting.push_back(std::move(second));
    waiting.push_back(std::move(first));
    boxes += 2;
  }
  report.tree = tree.text();
  return report;
}

Point RegionSearch::large_error(std::uint64_t most_boxes) const {
  SupremumOptions options;
  options.eps = eps_;
  options.ratio = ratio_.value_or(0);
  options.most_boxes = most_boxes;
  const SupremumAnswer answer = enclose_supremum(problem_, options);
  Point point;
  if (!answer.witness) return point;
  point.lower = answer.witness->error.convert_to<double>();
  for (const Rational& x : answer.witness->X.reshaped()) point.X.push_back(x.convert_to<double>());
  return point;
}

Point RegionSearch::point(const std::vector<double>& X) {
  const bool is_inside = std::all_of(X.begin(), X.end(), [](double x) { return x >= 0 && x <= 1; });
  if (X.size() != static_cast<std::size_t>(problem_.target.n()) || !is_inside)
    throw InputError("checkpoint: the witness does not fit the problem");
  const WorkingPrecision scope(fast_bits);
  return {bounds_.errors({X, std::vector<double>(X.size(), 0.0)}).lower(), X};
}

SupremumAnswer RegionSearch::answer(const std::string& tree, std::optional<double> upper, const Point& point,
                                    const std::string& why) const {
  SupremumAnswer result;
  result.spent.boxes = tree.size();
  result.proof = supremum_proof();
  if (upper && std::isfinite(*upper)) result.upper = Rational(*upper);
  if (!point.X.empty()) result.witness = error_witness(point, problem_.target);
  if (result.witness && result.witness->error > eps_) {
    result.verdict = Verdict::refuted;
    result.why = "the error at the witness is above eps";
  } else if (result.upper && *result.upper <= eps_) {
    result.verdict = Verdict::proved;
    result.why = "no box has an error above eps";
    // Boxes that a ratio leaves open have bounds up to eps like all others.
    result.tree = tree;
    std::replace(result.tree.begin(), result.tree.end(), '*', '.');
  } else {
    result.why = result.upper ? why : "no finite bound was found: " + why;
  }
  return result;
}

}  // namespace promptbound

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <random>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/memorization/leaf_choice.hpp>

namespace promptbound {
namespace {

/// About the geometric mean of the S_i of one head, a power of 2.
Rational scale_of(const std::vector<LayerExample>& examples, std::size_t head) {
  double total = 0;
  for (const LayerExample& example : examples)
    total += log2(example.heads[head].S.enclosure()).midpoint().lower_double();
  const double exponent = std::round(total / static_cast<double>(examples.size()));
  if (!(std::abs(exponent) < 1e6)) return 1;
  const Integer power = Integer(1) << static_cast<unsigned>(std::abs(exponent));
  return exponent < 0 ? Rational(Integer(1), power) : Rational(power);
}

LayerExamples<FastInterval> layer_of(const std::vector<LayerExample>& examples,
                                     const std::vector<Rational>& scales) {
  const auto N = static_cast<Index>(examples.size()), H = static_cast<Index>(scales.size());
  const Index d = examples.front().target.size();
  LayerExamples<FastInterval> layer{Matrix<FastInterval>(N, H), {}, Matrix<FastInterval>(N, d)};
  layer.outputs.assign(scales.size(), Matrix<FastInterval>(N, d));
  for (Index i = 0; i < N; ++i) {
    const LayerExample& example = examples[static_cast<std::size_t>(i)];
    for (Index c = 0; c < d; ++c) layer.targets(i, c) = FastInterval(example.target(c));
    for (std::size_t h = 0; h < scales.size(); ++h) {
      const Interval S = example.heads[h].S.enclosure();
      layer.ratios(i, static_cast<Index>(h)) = FastInterval(S / Interval(scales[h]));
      for (Index c = 0; c < d; ++c) {
        const Interval weighted = example.heads[h].weighted_values[static_cast<std::size_t>(c)].enclosure();
        layer.outputs[h](i, c) = FastInterval(weighted / S);
      }
    }
  }
  return layer;
}

std::vector<Rational> scales_of(const std::vector<LayerExample>& examples) {
  std::vector<Rational> scales;
  for (std::size_t h = 0; h < examples.front().heads.size(); ++h) scales.push_back(scale_of(examples, h));
  return scales;
}

/// A node of the tree under way.
struct Node {
  std::size_t chart = 0;
  ChartBox box;
  std::optional<Index> halved;
  std::pair<std::size_t, std::size_t> halves;
  FloorLeaf leaf;  ///< where it is not halved
};

class Search {
 public:
  Search(const std::vector<LayerExample>& examples, const LayerFloorOptions& options)
      : options_(options),
        scales_(scales_of(examples)),
        choice_(layer_of(examples, scales_)),
        H_(static_cast<Index>(scales_.size())) {
    Order order(scales_.size());
    std::iota(order.begin(), order.end(), Index(0));
    do orders_.push_back(order);
    while (std::next_permutation(order.begin(), order.end()));
  }

  std::optional<LayerFloorBounds> run() {
    for (std::size_t chart = 0; chart < orders_.size(); ++chart)
      add(chart, {Vector<double>::Zero(H_), Vector<double>::Ones(H_)});
    while (!open_.empty()) {
      const auto [negative_bound, index] = open_.top();
      if (is_enough(-negative_bound)) break;
      if (nodes_.size() >= options_.boxes) break;
      const Order& order = orders_[nodes_[index].chart];
      const Index across = choice_.direction(order, nodes_[index].box);
      if (nodes_[index].box.side(across) < 2 * least_box_side) break;
      open_.pop();
      auto [first, second] = nodes_[index].box.halves(across);
      const std::size_t chart = nodes_[index].chart;
      const std::size_t half = add(chart, std::move(first)), other = add(chart, std::move(second));
      nodes_[index].halved = across;
      nodes_[index].leaf = {};
      nodes_[index].halves = {half, other};
    }
    return result();
  }

 private:
  using Entry = std::pair<double, std::size_t>;  ///< minus a certified bound, and the node

  /// A bound that a box need not exceed.
  [[nodiscard]] double wanted() const {
    const double level = options_.beyond ? options_.beyond->convert_to<double>() : 0;
    return std::max((1 - options_.width) * upper_, std::min(level * (1 + 1e-9), upper_));
  }

  [[nodiscard]] bool is_enough(double bound) const {
    if (!(bound >= (1 - options_.width) * upper_)) return false;
    if (!options_.beyond) return true;
    return Rational(upper_) <= *options_.beyond || is_beyond(bound);
  }

  /// Above the level by more than another arithmetic may differ?
  [[nodiscard]] bool is_beyond(double bound) const {
    return options_.beyond && Rational(bound * (1 - 0x1p-40)) > *options_.beyond;
  }

  std::size_t add(std::size_t chart, ChartBox box) {
    descend_from(orders_[chart], box);
    LeafChoice::Bounded bounded = choice_.leaf_of(orders_[chart], box, wanted());
    const std::size_t index = nodes_.size();
    open_.emplace(-bounded.bound, index);
    nodes_.push_back({chart, std::move(box), {}, {}, std::move(bounded.leaf)});
    return index;
  }

  /// A short search for weights of less error than any so far, from the middle of a box, along the
  /// coordinates and in directions at random.
  void descend_from(const Order& order, const ChartBox& box) {
    Vector<double> x = box.middle(), step = (box.high - box.low) / 4;
    auto here = choice_.error_at(order, x);
    if (!here || !(here->value < upper_)) return;
    constexpr int most_rounds = 60;
    for (int round = 0; round < most_rounds; ++round) {
      bool moved = false;
      for (Index k = 0; k < 4 * H_; ++k) {
        Vector<double> next = x;
        if (k < 2 * H_) {
          next(k / 2) += (k % 2 == 0 ? 1 : -1) * step(k / 2);
        } else {
          for (Index j = 0; j < H_; ++j)
            next(j) += std::uniform_real_distribution<double>(-1, 1)(random_) * step(j);
        }
        next = next.cwiseMax(0.0).cwiseMin(1.0);
        auto there = choice_.error_at(order, next);
        if (!there || !(there->value < here->value)) continue;
        x = next;
        here = std::move(there);
        moved = true;
      }
      if (!moved) step /= 2;
    }
    upper_ = std::min(upper_, choice_.bound_at(order, x, *here));
  }

  std::optional<LayerFloorBounds> result() const {
    if (!std::isfinite(upper_)) return std::nullopt;
    LayerFloorBounds bounds;
    bounds.boxes = nodes_.size();
    bounds.upper = Rational(upper_);
    const double least = std::max(0.0, -open_.top().first);
    // Below every leaf by more than another arithmetic may differ.
    bounds.lower = Rational(shortened(least * (1 - 0x1p-20)));
    if (is_beyond(least)) bounds.lower = std::max(bounds.lower, *options_.beyond);
    if (bounds.lower == 0) return bounds;
    bounds.tree = FloorTree{scales_, std::vector<std::vector<FloorNode>>(orders_.size())};
    for (std::size_t chart = 0; chart < orders_.size(); ++chart) write(chart, bounds.tree->charts[chart]);
    return bounds;
  }

  void write(std::size_t index, std::vector<FloorNode>& nodes) const {
    const Node& node = nodes_[index];
    nodes.push_back({node.halved, node.leaf});
    if (!node.halved) return;
    write(node.halves.first, nodes);
    write(node.halves.second, nodes);
  }

  LayerFloorOptions options_;
  std::vector<Rational> scales_;
  LeafChoice choice_;
  Index H_;
  std::vector<Order> orders_;
  std::vector<Node> nodes_;
  std::priority_queue<Entry> open_;
  double upper_ = std::numeric_limits<double>::infinity();
  std::mt19937_64 random_;
};

}  // namespace

std::vector<std::vector<int>> sign_patterns(Index heads) {
  std::vector<std::vector<int>> patterns;
  for (unsigned k = 1; k < 1U << heads; ++k) {
    std::vector<int> signs(static_cast<std::size_t>(heads) + 1, 1);
    for (Index i = 0; i < heads; ++i)
      if ((k >> i & 1U) != 0) signs[static_cast<std::size_t>(i) + 1] = -1;
    patterns.push_back(std::move(signs));
  }
  return patterns;
}

std::optional<LayerFloorBounds> layer_floor(const std::vector<LayerExample>& examples,
                                            const LayerFloorOptions& options) {
  const auto heads = static_cast<Index>(examples.front().heads.size());
  if (heads > most_floor_heads || static_cast<Index>(examples.size()) <= heads)
    throw InputError("the floor of several heads: 1 to 4 heads and more examples than heads are needed");
  return Search(examples, options).run();
}

}  // namespace promptbound

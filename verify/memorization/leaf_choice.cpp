#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include <promptbound/verify/memorization/leaf_choice.hpp>
#include <promptbound/verify/memorization/linear_program.hpp>

namespace promptbound {
namespace {

constexpr std::size_t most_coordinates = 4;  ///< that a leaf combines
constexpr std::size_t most_row_sets = 4;     ///< tried for a box

LayerExamples<double> middles(const LayerExamples<FastInterval>& layer) {
  const auto of = [](const Matrix<FastInterval>& M) {
    return Matrix<double>(M.unaryExpr([](const FastInterval& x) { return (x.lower() + x.upper()) / 2; }));
  };
  LayerExamples<double> result{of(layer.ratios), {}, of(layer.targets)};
  for (const auto& one : layer.outputs) result.outputs.push_back(of(one));
  return result;
}

std::vector<Index> chosen_coordinates(const PointError& point) {
  std::vector<Index> all(point.by_coordinate.size());
  std::iota(all.begin(), all.end(), Index(0));
  std::stable_sort(all.begin(), all.end(), [&](Index a, Index b) {
    return point.by_coordinate[static_cast<std::size_t>(a)] >
           point.by_coordinate[static_cast<std::size_t>(b)];
  });
  all.resize(std::min<std::size_t>(all.size(), most_coordinates));
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

std::vector<Vector<double>> ChartBox::corners() const {
  std::vector<Vector<double>> result;
  for (unsigned k = 0; k < 1U << low.size(); ++k) {
    Vector<double> x(low.size());
    for (Index j = 0; j < x.size(); ++j) x(j) = (k >> j & 1U) != 0 ? high(j) : low(j);
    result.push_back(std::move(x));
  }
  return result;
}

std::pair<ChartBox, ChartBox> ChartBox::halves(Index across) const {
  ChartBox first = *this, second = *this;
  first.high(across) = second.low(across) = (low(across) + high(across)) / 2;
  return {std::move(first), std::move(second)};
}

double shortened(double x) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent = 0;
  const double mantissa = std::frexp(x, &exponent);
  return std::ldexp(std::round(std::ldexp(mantissa, 24)), exponent - 24);
}

/// How large a case's values may be, and how far they may move from the middle of a box to its end, in units
/// of y over b.
struct LeafChoice::Reach {
  double values, slopes;
};

/// The rows' b and y at a corner of the box, and where it lies from the middle.
struct LeafChoice::Corner {
  Matrix<double> b, y;
  Vector<double> away;
};

/// The rows of a leaf over a part of its box and at the middle of the part, enclosed; and over the halves
/// of the part, where they are needed.
class LeafChoice::Part {
 public:
  Part(const LeafChoice& search, const Order& order, ChartBox box, const ChartBox& whole,
       const FloorLeaf& leaf)
      : search_(search), order_(order), box_(std::move(box)), whole_(whole), leaf_(leaf) {
    const Vector<double> middle = box_.middle(), anchor = whole.middle();
    const Index H = middle.size();
    Vector<FastInterval> at(H), over(H);
    away_.resize(H);
    from_anchor_.resize(H);
    middle_from_anchor_.resize(H);
    for (Index j = 0; j < H; ++j) {
      at(j) = FastInterval(middle(j));
      over(j) = FastInterval(box_.low(j), box_.high(j));
      away_(j) = over(j) - at(j);
      from_anchor_(j) = over(j) - FastInterval(anchor(j));
      middle_from_anchor_(j) = at(j) - FastInterval(anchor(j));
    }
    for (const Index i : leaf.rows) {
      at_middle_.push_back(example_at(search.layer_, order, at, i, leaf.coordinates, false));
      over_box_.push_back(example_at(search.layer_, order, over, i, leaf.coordinates, true));
    }
  }

  /// A lower bound on what the case proves on the part; parts are halved while it is below the wanted one.
  [[nodiscard]] double bound(const FloorCase& proposed, const std::vector<int>& signs, double wanted,
                             int halvings) {
    const double least = by_mean_values(proposed, signs);
    if (least >= wanted || halvings == 0) return least;
    if (!first_) {
      const Index across = search_.direction(order_, box_);
      if (!(box_.side(across) >= 2 * least_box_side)) return least;
      auto [first, second] = box_.halves(across);
      first_ = std::make_unique<Part>(search_, order_, std::move(first), whole_, leaf_);
      second_ = std::make_unique<Part>(search_, order_, std::move(second), whole_, leaf_);
    }
    const double first = first_->bound(proposed, signs, wanted, halvings - 1);
    if (first <= least) return least;
    return std::max(least, std::min(first, second_->bound(proposed, signs, wanted, halvings - 1)));
  }

 private:
  [[nodiscard]] double by_mean_values(const FloorCase& proposed, const std::vector<int>& signs) const {
    const auto fast = [](double x) { return FastInterval(x); };
    const Index H = away_.size();
    Vector<FastInterval> v(H), v_middle(H);
    for (Index k = 0; k < H; ++k) {
      v(k) = v_middle(k) = fast(proposed.values(k));
      for (Index j = 0; j < H; ++j) {
        v(k) += fast(proposed.slopes(k, j)) * from_anchor_(j);
        v_middle(k) += fast(proposed.slopes(k, j)) * middle_from_anchor_(j);
      }
    }
    FastInterval norm;
    for (const double weight : proposed.lambda) norm += abs(fast(weight));
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < at_middle_.size(); ++i) {
      const auto& at = at_middle_[i];
      const auto& over = over_box_[i];
      FastInterval value;
      for (Index c = 0; c < proposed.lambda.size(); ++c) value += fast(proposed.lambda(c)) * at.y(c);
      for (Index k = 0; k < H; ++k) value -= at.b(k) * v_middle(k);
      for (Index j = 0; j < H; ++j) {
        FastInterval slope;
        for (Index c = 0; c < proposed.lambda.size(); ++c)
          slope += fast(proposed.lambda(c)) * over.y_slopes(c, j);
        for (Index k = 0; k < H; ++k)
          slope -= over.b_slopes(k, j) * v(k) + over.b(k) * fast(proposed.slopes(k, j));
        value += slope * away_(j);
      }
      least = std::min(least, (signs[i] > 0 ? value : -value).lower());
    }
    if (!(least > 0)) return 0;
    if (!(norm.upper() > 0)) return least;
    return (FastInterval(least) / norm).lower();
  }

  const LeafChoice& search_;
  const Order& order_;
  ChartBox box_;
  const ChartBox& whole_;
  const FloorLeaf& leaf_;
  std::vector<ExampleAt<FastInterval>> at_middle_, over_box_;
  Vector<FastInterval> away_, from_anchor_, middle_from_anchor_;
  std::unique_ptr<Part> first_, second_;
};

LeafChoice::LeafChoice(LayerExamples<FastInterval> layer)
    : layer_(std::move(layer)),
      rough_(middles(layer_)),
      H_(layer_.heads()),
      patterns_(sign_patterns(H_)),
      all_coordinates_(static_cast<std::size_t>(layer_.coordinates())) {
  std::iota(all_coordinates_.begin(), all_coordinates_.end(), Index(0));
}

std::optional<PointError> LeafChoice::error_at(const Order& order, const Vector<double>& x) const {
  const Index N = layer_.examples();
  Matrix<double> b(N, H_), y(N, layer_.coordinates());
  for (Index i = 0; i < N; ++i) {
    const auto at = example_at(rough_, order, x, i, all_coordinates_, false);
    b.row(i) = at.b;
    y.row(i) = at.y;
  }
  PointError best;
  const double size = b.cwiseAbs().maxCoeff();
  AffineFunctions functions;
  functions.slopes.resize(2 * N, H_);
  functions.slopes << b / size, -b / size;
  functions.constants.resize(2 * N);
  for (Index c = 0; c < y.cols(); ++c) {
    functions.constants << y.col(c), -y.col(c);
    functions.reach = 1e5 * (1e-300 + y.col(c).cwiseAbs().maxCoeff());
    // The error is max |y - b v|: the largest least value of -+(y - b v), with its sign turned.
    functions.constants = -functions.constants;
    functions.slopes = -functions.slopes;
    const auto found = largest_least(functions);
    functions.slopes = -functions.slopes;
    if (!found) return std::nullopt;
    best.by_coordinate.push_back(-found->value);
    best.values.emplace_back(found->v / size);
    if (-found->value <= best.value) continue;
    best.value = -found->value;
    best.coordinate = c;
    best.rows.clear();
    for (const Index active : found->active) best.rows.push_back(active % N);
  }
  std::sort(best.rows.begin(), best.rows.end());
  best.rows.erase(std::unique(best.rows.begin(), best.rows.end()), best.rows.end());
  for (Index i = 0; static_cast<Index>(best.rows.size()) <= H_; ++i)
    if (std::find(best.rows.begin(), best.rows.end(), i) == best.rows.end()) best.rows.push_back(i);
  best.rows.resize(static_cast<std::size_t>(H_) + 1);
  std::sort(best.rows.begin(), best.rows.end());
  return best;
}

double LeafChoice::bound_at(const Order& order, const Vector<double>& x, const PointError& point) const {
  const Vector<FastInterval> at = x.unaryExpr([](double value) { return FastInterval(value); });
  double worst = 0;
  for (Index i = 0; i < layer_.examples(); ++i) {
    const auto example = example_at(layer_, order, at, i, all_coordinates_, false);
    for (Index c = 0; c < layer_.coordinates(); ++c) {
      FastInterval residual = example.y(c);
      for (Index k = 0; k < H_; ++k)
        residual -= example.b(k) * FastInterval(point.values[static_cast<std::size_t>(c)](k));
      worst = std::max(worst, abs(residual).upper());
    }
  }
  return worst;
}

std::vector<LeafChoice::Corner> LeafChoice::rows_at_corners(const Order& order, const ChartBox& box,
                                                            const FloorLeaf& leaf) const {
  std::vector<Corner> corners;
  for (const Vector<double>& x : box.corners()) {
    Corner corner{Matrix<double>(H_ + 1, H_),
                  Matrix<double>(H_ + 1, static_cast<Index>(leaf.coordinates.size())), x - box.middle()};
    for (Index i = 0; i <= H_; ++i) {
      const auto at =
          example_at(rough_, order, x, leaf.rows[static_cast<std::size_t>(i)], leaf.coordinates, false);
      corner.b.row(i) = at.b;
      corner.y.row(i) = at.y;
    }
    corners.push_back(std::move(corner));
  }
  return corners;
}

LeafChoice::Proposed LeafChoice::best_case(const std::vector<Corner>& corners, const std::vector<int>& signs,
                                           const Reach& reach) const {
  const auto shown = corners.front().y.cols();
  const Index count = static_cast<Index>(corners.size()) * (H_ + 1);
  double b_size = 0, y_size = 1e-300;
  for (const Corner& corner : corners) {
    b_size = std::max(b_size, corner.b.cwiseAbs().maxCoeff());
    y_size = std::max(y_size, corner.y.cwiseAbs().maxCoeff());
  }
  const Vector<double> radius = corners.back().away;
  AffineFunctions functions{Vector<double>::Zero(count), Matrix<double>(count, shown),
                            Matrix<double>(count, H_ + H_ * H_), reach.values};
  const double moved = reach.slopes / reach.values;
  Index row = 0;
  for (const Corner& corner : corners) {
    for (Index i = 0; i <= H_; ++i, ++row) {
      const double sign = signs[static_cast<std::size_t>(i)];
      functions.shares.row(row) = sign / y_size * corner.y.row(i);
      functions.slopes.row(row).head(H_) = sign / b_size * corner.b.row(i);
      for (Index k = 0; k < H_; ++k)
        for (Index j = 0; j < H_; ++j)
          functions.slopes(row, H_ + H_ * k + j) =
              sign / b_size * moved * corner.b(i, k) * (corner.away(j) > 0 ? 1 : -1);
    }
  }
  FloorCase result{Vector<double>::Zero(shown), Vector<double>::Zero(H_), Matrix<double>::Zero(H_, H_)};
  const auto found = largest_least(functions);
  if (!found) {
    result.lambda(0) = 1;
    return {result, 0};
  }
  result.lambda = found->w.unaryExpr(&shortened);
  const double size = y_size / b_size;
  result.values = (size * found->v.head(H_)).unaryExpr(&shortened);
  for (Index k = 0; k < H_; ++k)
    for (Index j = 0; j < H_; ++j)
      result.slopes(k, j) = shortened(size * moved * found->v(H_ + H_ * k + j) / radius(j));
  return {std::move(result), y_size * found->value};
}

LeafChoice::Bounded LeafChoice::bounded(const Order& order, const ChartBox& box, FloorLeaf leaf,
                                        double wanted, double enough) const {
  const auto corners = rows_at_corners(order, box, leaf);
  Part whole(*this, order, box, box, leaf);
  // Values that move little vary little between the corners, where the program does not look, and a program
  // uses all that it may: small reaches come first. Patterns that multipliers do not have are excluded by
  // large ones.
  static constexpr Reach reaches[] = {{3, 0.3}, {3, 3}, {10, 1}, {30, 3}, {100, 10}, {1000, 1000}};
  double bound = std::numeric_limits<double>::infinity();
  for (const std::vector<int>& signs : patterns_) {
    FloorCase best;
    double proved = -1;
    for (const Reach& reach : reaches) {
      Proposed proposed = best_case(corners, signs, reach);
      if (proved >= 0 && proposed.at_corners <= proved) continue;
      const double shown = whole.bound(proposed.one, signs, wanted, 2 * static_cast<int>(H_ - 1));
      if (shown <= proved) continue;
      proved = shown;
      best = std::move(proposed.one);
      if (proved >= wanted) break;
    }
    bound = std::min(bound, proved);
    if (bound <= enough) return {};
    // The leaf shows what its worst case shows.
    wanted = std::min(wanted, bound);
    leaf.cases.push_back(std::move(best));
  }
  return {std::move(leaf), std::max(0.0, bound)};
}

LeafChoice::Bounded LeafChoice::leaf_of(const Order& order, const ChartBox& box, double wanted) const {
  std::vector<PointError> points;
  if (auto middle = error_at(order, box.middle())) points.push_back(*std::move(middle));
  if (points.empty()) return {};
  // Where a point has less error than is wanted, no rows show what is.
  bool is_hopeless = points.front().value < wanted;
  for (const Vector<double>& x : box.corners()) {
    if (is_hopeless) break;
    auto point = error_at(order, x);
    if (!point) continue;
    is_hopeless = point->value < wanted;
    points.push_back(*std::move(point));
  }
  if (is_hopeless) points.resize(1);
  Bounded best;
  std::vector<std::vector<Index>> tried;
  for (const PointError& point : points) {
    if (std::find(tried.begin(), tried.end(), point.rows) != tried.end()) continue;
    if (tried.size() >= most_row_sets) break;
    tried.push_back(point.rows);
    Bounded next = bounded(order, box, {point.rows, chosen_coordinates(point), {}}, wanted,
                           best.leaf.rows.empty() ? -1 : best.bound);
    if (!next.leaf.rows.empty()) best = std::move(next);
    if (best.bound >= wanted) break;
  }
  return best;
}

Index LeafChoice::direction(const Order& order, const ChartBox& box) const {
  const Vector<double> middle = box.middle();
  Index best = 0;
  double most = -1;
  Vector<double> change = Vector<double>::Zero(H_);
  for (Index i = 0; i < layer_.examples(); ++i) {
    const auto at = example_at(rough_, order, middle, i, all_coordinates_, true);
    change += at.b_slopes.cwiseAbs().colwise().sum().transpose();
    change += at.y_slopes.cwiseAbs().colwise().sum().transpose();
  }
  for (Index j = 0; j < H_; ++j) {
    const double side = box.side(j);
    if (side < 2 * least_box_side) continue;
    const double spread = side * (change(j) + 1e-3 * change.maxCoeff());
    if (spread <= most) continue;
    most = spread;
    best = j;
  }
  return best;
}

}  // namespace promptbound

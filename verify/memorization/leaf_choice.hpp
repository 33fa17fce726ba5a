/// Leaves of the floor's tree (layer_floor.hpp): proposed by linear programs in binary64, bounded in binary64
/// intervals.
#pragma once

#include <promptbound/verify/memorization/layer_floor.hpp>

namespace promptbound {

/// The order of the heads that a chart is.
using Order = std::vector<Index>;

/// Boxes are not halved to sides below this, so that their ends and middles are exact in binary64.
inline constexpr double least_box_side = 0x1p-45;

/// A box of a chart.
struct ChartBox {
  Vector<double> low, high;

  [[nodiscard]] Vector<double> middle() const { return (low + high) / 2; }
  [[nodiscard]] std::vector<Vector<double>> corners() const;
  [[nodiscard]] double side(Index coordinate) const { return high(coordinate) - low(coordinate); }
  [[nodiscard]] std::pair<ChartBox, ChartBox> halves(Index across) const;
};

/// Returns about the number, with 24 bits, so that certificates stay short.
[[nodiscard]] double shortened(double x);

/// The least error over all mean values at a point, in binary64: by coordinate, with the values v that leave
/// it, and the coordinate and H + 1 rows of the largest.
struct PointError {
  double value = -1;
  Index coordinate = 0;
  std::vector<Index> rows;
  std::vector<double> by_coordinate;
  std::vector<Vector<double>> values;
};

class LeafChoice {
 public:
  explicit LeafChoice(LayerExamples<FastInterval> layer);

  /// Returns the least error at a point; nothing where binary64 does not find it.
  [[nodiscard]] std::optional<PointError> error_at(const Order& order, const Vector<double>& x) const;

  /// Returns an upper bound on the largest residual that the point's values leave, over examples and
  /// coordinates.
  [[nodiscard]] double bound_at(const Order& order, const Vector<double>& x, const PointError& point) const;

  struct Bounded {
    FloorLeaf leaf;    ///< no rows where none is proposed
    double bound = 0;  ///< the leaf shows at least this on the box
  };
  /// Returns a leaf for the box: of the rows that are best at its middle or at one of its corners, the first
  /// that have the bound wanted, or else those of the largest bound.
  [[nodiscard]] Bounded leaf_of(const Order& order, const ChartBox& box, double wanted) const;

  /// Returns the coordinate across which the directions and what is asked for change most over the box.
  [[nodiscard]] Index direction(const Order& order, const ChartBox& box) const;

 private:
  struct Corner;
  struct Reach;
  class Part;
  /// A case, and about what it shows at the corners of the box: it shows no more on all of it.
  struct Proposed {
    FloorCase one;
    double at_corners;
  };
  /// Returns the leaf with cases; without rows where it shows no more than enough.
  [[nodiscard]] Bounded bounded(const Order& order, const ChartBox& box, FloorLeaf leaf, double wanted,
                                double enough) const;
  [[nodiscard]] std::vector<Corner> rows_at_corners(const Order& order, const ChartBox& box,
                                                    const FloorLeaf& leaf) const;
  [[nodiscard]] Proposed best_case(const std::vector<Corner>& corners, const std::vector<int>& signs,
                                   const Reach& reach) const;

  LayerExamples<FastInterval> layer_;
  LayerExamples<double> rough_;  ///< middles
  Index H_;
  std::vector<std::vector<int>> patterns_;
  std::vector<Index> all_coordinates_;
};

}  // namespace promptbound

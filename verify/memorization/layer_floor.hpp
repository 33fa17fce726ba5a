/// Theory 2.3H, the floor of a layer of several heads: at every weights S of a prompt, multipliers mu that
/// eliminate the prompt's mean values leave an error of at least |sum_i mu_i y_i| / sum_i |mu_i|; e* is the
/// infimum over S of the largest such bound. It is sought by branch and bound over charts of S
/// (weight_chart.hpp).
///
/// A box of a chart is bounded by H + 1 examples ("rows") and, for every pattern of signs that multipliers of
/// these rows may have, by a case: coefficients lambda of the coordinates and affine functions v_k(x) with
///   sign_i (sum_c lambda_c y_{i,c}(x) - sum_k b_{i,k}(x) v_k(x)) > e ||lambda||_1  on the box, for every
///   row.
/// Weighted by |mu_i| and added up, b drops out: some coordinate has |sum_i mu_i y_{i,c}| > e sum_i |mu_i|.
/// Multipliers are never computed, and nothing divides by a determinant that may vanish.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/verify/memorization/memorization_floor.hpp>
#include <promptbound/verify/memorization/weight_chart.hpp>

namespace promptbound {

/// One example at the attention output of a layer: its keys summed up for each head, and the output asked
/// for.
struct LayerExample {
  std::vector<AttentionSums> heads;
  Vector<Rational> target;
};

/// A case for one pattern of signs: lambda, by the leaf's coordinates, and v(x) = values + slopes (x - middle
/// of the box).
struct FloorCase {
  Vector<double> lambda, values;
  Matrix<double> slopes;
};

/// What bounds one box: a case for each pattern, in the order of sign_patterns().
struct FloorLeaf {
  std::vector<Index> rows;
  std::vector<Index> coordinates;
  std::vector<FloorCase> cases;
};

/// A box of a chart: either halved across a coordinate, its halves next in preorder, or bounded.
struct FloorNode {
  std::optional<Index> halved;
  FloorLeaf leaf;  ///< where it is not halved
};

/// The boxes of every chart in preorder, charts in the order of std::next_permutation from the identity.
struct FloorTree {
  std::vector<Rational> scales;
  std::vector<std::vector<FloorNode>> charts;
};

/// Returns the patterns of signs that H + 1 multipliers may have, up to a common sign: the first is 1, and
/// not all are, as the multipliers eliminate a positive direction. Bit i of k = 1, 2, .. makes sign i
/// negative.
[[nodiscard]] std::vector<std::vector<int>> sign_patterns(Index heads);

struct LayerFloorOptions {
  double width = 0.05;             ///< of the enclosure, relative to its upper end
  std::optional<Rational> beyond;  ///< go on until the floor is on one side of this level
  std::size_t boxes = 5000;        ///< at most
};

struct LayerFloorBounds {
  /// e* is at least this, and every prompt leaves more; the tree proves it. Without a tree it is 0.
  Rational lower = 0;
  std::optional<FloorTree> tree;
  /// e* is at most this: at some weights S, or in the limit at the border of a chart, there are mean values
  /// of the heads, perhaps of no prompt, that leave no more.
  Rational upper = 0;
  std::size_t boxes = 0;  ///< that were looked at
};

/// Encloses the floor of at least H + 1 examples, H at most 4, whose sums are enclosed at the working
/// precision in force; the search is in binary64 intervals. Nothing where these do not hold the numbers.
[[nodiscard]] std::optional<LayerFloorBounds> layer_floor(const std::vector<LayerExample>& examples,
                                                          const LayerFloorOptions& options = {});

inline constexpr Index most_floor_heads = 4;

}  // namespace promptbound

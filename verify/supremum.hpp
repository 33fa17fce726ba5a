/// The largest error of a model with a prompt over all inputs of the unit cube, from both sides.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <promptbound/verify/box_error.hpp>
#include <promptbound/verify/halving_tree.hpp>

namespace promptbound {

enum class Verdict { proved, refuted, unknown };

/// What a search knows at a moment: lower <= sup <= upper.
struct SupremumProgress {
  double lower = 0, upper = 0;
  std::uint64_t boxes = 0;  ///< boxes bounded so far
  std::size_t waiting = 0;  ///< boxes that may still have to be divided
};

/// A search as it stands, enough to go on from. `tree`: the halvings of the cube in preorder, a letter (0-9,
/// a-z, A-Z) for the coordinate that a box is halved across, '.' for a box that needs no more work, '*' for
/// one that waits.
struct SupremumState {
  std::string tree;
  std::vector<double> waiting;  ///< upper bounds of the waiting boxes, in the order of the tree
  double settled = 0;           ///< the largest upper bound of the boxes that need no more work
  double lower = 0;
  std::vector<double> witness;  ///< coordinates; empty: none yet
  std::uint64_t boxes = 0;
  std::size_t most_waiting = 0;
};

/// Coordinates that a tree has letters for.
inline constexpr std::size_t most_letters = coordinate_letters.size();

struct SupremumOptions {
  /// Decide sup <= eps; without it, only enclose the supremum.
  std::optional<Rational> eps;
  /// Stop when upper <= (1 + ratio) lower; >= 0.
  Rational ratio = Rational(1, 20);
  int threads = 1;
  /// Boxes waiting at the same time (about 150 bytes each, and 8 bytes for each box bounded) and boxes
  /// bounded, before the answer is unknown.
  std::size_t most_waiting = 10000000;
  std::uint64_t most_boxes = 1000000000;
  std::function<void(const SupremumProgress&)> progress;
  /// Called between batches; where it says so, `checkpoint` receives the state (and once more at the end of a
  /// search that a budget ended).
  std::function<bool()> wants_checkpoint;
  std::function<void(const SupremumState&)> checkpoint;
  /// Go on from this state of a search of the same problem, eps and ratio.
  std::optional<SupremumState> resume;
};

struct SupremumAnswer {
  Verdict verdict = Verdict::unknown;
  std::string why;
  /// lower <= sup_X ||T([P, X]) - f(X)||_alpha <= upper.
  Rational lower, upper;
  /// An input (d x L) with an error of at least `lower`.
  Matrix<Rational> witness;
  std::uint64_t boxes = 0;
  std::size_t most_waiting = 0;  ///< the largest number of boxes that waited
  /// The halvings, as in SupremumState; no '*' when the verdict is proved. Empty for more than 62
  /// coordinates.
  std::string tree;
};

/// Branch and bound, the box with the largest upper bound first; a box is halved across the coordinate that
/// lowers the bounds most. Upper bounds come from linear forms over the boxes, lower bounds from points. With
/// eps: proved when sup <= eps, refuted when the witness's error is above eps, and in either case unknown
/// when a budget ends first. Without eps: proved when the ratio is reached. The answer does not depend on the
/// number of threads.
[[nodiscard]] SupremumAnswer enclose_supremum(const ApproximationProblem& problem,
                                              const SupremumOptions& options);

/// The error at one input, at the working precision.
[[nodiscard]] Interval error_at(const ApproximationProblem& problem, const Matrix<Rational>& X);

}  // namespace promptbound

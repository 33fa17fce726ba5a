/// The search for a supremum in one part of the cube, for searches that several processes share.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <promptbound/verify/supremum/box_division.hpp>
#include <promptbound/verify/supremum/halving_tree.hpp>
#include <promptbound/verify/supremum/supremum.hpp>

namespace promptbound {

/// A box of the tree of halvings and what is known of the halvings in it.
struct Region {
  /// The halvings from the cube to the box: the letter of the coordinate, then '<' for the lower half or '>'
  /// for the upper one. Paths in the order of texts are boxes in preorder.
  std::string path;
  std::string tree = ".";  ///< as in SupremumState; a hint and no evidence
};

/// What a search of a region has found.
struct RegionReport {
  std::string tree;               ///< the halvings in the region; '*' for a box that is still open
  std::vector<double> open;       ///< upper bounds of the open boxes, in the order of the tree
  std::optional<double> settled;  ///< the largest bound of the other boxes that are not halved
  Point point;                    ///< the largest error found at a point; nothing found: no coordinates
  bool is_refuted = false;        ///< the error at the point is above eps
  bool is_too_small = false;      ///< an open box is too small to divide in binary64
};

/// Decides sup <= eps region by region. A box is halved if and only if its bound is above the goal, and its
/// bound depends on its path alone. Without a ratio the goal is eps: however the cube is cut into regions,
/// and in whatever order they are searched, the joined tree of a proved claim is the same, and that of
/// enclose_supremum with a ratio that it reaches. With a ratio the goal is also (1 + ratio) times the largest
/// error known, so that a report depends on the region, on what was known before, and on nothing else.
class RegionSearch {
 public:
  /// Throws InputError for a negative eps or ratio, for more than 62 coordinates, and for the network of
  /// theory 5.9, which enclose_supremum decides by its stored values.
  RegionSearch(ApproximationProblem problem, Rational eps, std::optional<Rational> ratio = {});

  [[nodiscard]] const ApproximationProblem& problem() const { return problem_; }
  [[nodiscard]] const Rational& eps() const { return eps_; }
  [[nodiscard]] const std::optional<Rational>& ratio() const { return ratio_; }

  /// Returns the goal where an error of `lower` is known: boxes with bounds up to it need no more work.
  [[nodiscard]] double goal(double lower) const { return promptbound::goal(eps_, ratio_, lower); }

  /// Bounds the boxes of the region's tree and halves, depth first, those whose bound is above the goal,
  /// until `most_boxes` more were bounded or a point's error is above eps; few and large boxes are left open.
  /// `lower` is an error known at some point of the cube. Thread-safe. Throws InputError for a path or tree
  /// that does not fit the problem.
  [[nodiscard]] RegionReport operator()(const Region& region, std::uint64_t most_boxes,
                                        double lower = -std::numeric_limits<double>::infinity());

  /// Returns the largest error that enclose_supremum meets in so many boxes, for a goal to begin with: depth
  /// first and without one, boxes are halved where errors are small too.
  [[nodiscard]] Point large_error(std::uint64_t most_boxes) const;

  /// Returns the error at a point, from below. Throws InputError where it is no point of the cube.
  [[nodiscard]] Point point(const std::vector<double>& X);

  /// Returns the answer about the whole cube that reports add up to: `tree` joined, with '*' where a box is
  /// open; `upper` the largest bound of all boxes, open ones among them; `why` what ended a search that
  /// leaves boxes above the goal. Proved where upper <= eps.
  [[nodiscard]] SupremumAnswer answer(const std::string& tree, std::optional<double> upper,
                                      const Point& point, const std::string& why) const;

 private:
  /// What bounding a box yields: its bound, and the keys that are selected for its parts.
  struct Bounded {
    double upper;
    std::shared_ptr<const KeySelection> keys;
  };

  /// Bounds the box at the end of a path; large boxes, which cost most and are on the way to all others,
  /// once.
  [[nodiscard]] Bounded bounded(const std::string& path, const Leaf& leaf);
  [[nodiscard]] Leaf box_at(const std::string& path);
  [[nodiscard]] std::vector<Leaf> leaves(const HalvingTree& tree, Leaf root);

  ApproximationProblem problem_;
  Rational eps_;
  std::optional<Rational> ratio_;
  BoxBounds bounds_;
  std::mutex mutex_;
  std::map<std::string, Bounded> large_;  ///< boxes of few halvings, by path
};

}  // namespace promptbound

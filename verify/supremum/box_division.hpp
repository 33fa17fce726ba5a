/// What a search for the supremum does with one box: bounds its error, finds a promising point, halves it.
#pragma once

#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <promptbound/verify/supremum/supremum.hpp>

namespace promptbound {

/// Radii below this no longer divide exactly in binary64 everywhere.
inline constexpr double smallest_radius = 0x1p-45;
/// Working precision of what is not computed in binary64, unless that fails.
inline constexpr long fast_bits = 64;

struct Leaf {
  double upper = std::numeric_limits<double>::infinity();
  Box box;
  std::shared_ptr<const KeySelection> keys;  ///< selected for the box that was halved
  std::uint32_t node = 0;                    ///< in the tree of halvings
  friend bool operator<(const Leaf& a, const Leaf& b) { return a.upper < b.upper; }
};

struct Point {
  double lower = -std::numeric_limits<double>::infinity();
  std::vector<double> X;
};

/// Returns the point as an input of the target.
[[nodiscard]] ErrorWitness error_witness(const Point& point, const Target& target);

/// Bounds the errors on boxes, in binary64, and in precise intervals where that fails.
class BoxBounds {
 public:
  explicit BoxBounds(const ApproximationProblem& problem) : problem_(problem), fast_(problem) {}

  /// Encloses the errors in the box.
  [[nodiscard]] FastInterval errors(const Box& box, const KeySelection& keys);
  [[nodiscard]] FastInterval errors(const Box& box) { return errors(box, fast_.all_keys()); }

  /// Returns the largest error that the box may have, and a selection of keys for its parts.
  [[nodiscard]] double measure(const Leaf& leaf, KeySelection& refined);

  /// Returns what dividing a box needs beside its halves' bounds: a selection of keys for it, and a point
  /// with a large error.
  [[nodiscard]] std::shared_ptr<const KeySelection> inspect(const Leaf& leaf, Point& point);

 private:
  FastInterval finite_norm(const Box& box, const Matrix<LinearForm<FastInterval>>& forms);
  Point promising(const Box& box, const KeySelection& keys, const Matrix<LinearForm<FastInterval>>& forms);

  const ApproximationProblem& problem_;
  BoxError<FastInterval> fast_;
  std::optional<BoxError<Interval>> precise_;
  std::mutex mutex_;
};

/// Returns what bounds of boxes are to reach where an error of `lower` is known: min(eps, (1 + ratio) lower),
/// rounded down to binary64; infinite without eps and ratio.
[[nodiscard]] double goal(const std::optional<Rational>& eps, const std::optional<Rational>& ratio,
                          double lower);

/// Returns the cube [0, 1]^n.
[[nodiscard]] inline Box unit_cube(std::size_t n) {
  return {std::vector<double>(n, 0.5), std::vector<double>(n, 0.5)};
}

/// Halves the box, a part of the unit cube, across coordinate i: exactly, or where a centre is no double into
/// halves that together cover it.
[[nodiscard]] std::pair<Box, Box> halves(const Box& box, std::size_t i);

struct Division {
  std::size_t coordinate = 0;
  std::optional<std::pair<Leaf, Leaf>> halves;  ///< nothing when the box is too small to divide
  Point point;
};

/// Halves the box across the coordinate whose extent costs the bound most, and bounds both halves.
[[nodiscard]] Division divide(BoxBounds& bounds, const Leaf& leaf);

}  // namespace promptbound

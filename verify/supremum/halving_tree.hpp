/// The halvings of a cube by a search, and their text.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace promptbound {

/// The letter of each coordinate.
inline constexpr std::string_view coordinate_letters =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The halvings made so far.
class HalvingTree {
 public:
  HalvingTree() : nodes_(1) {}
  /// Reads what text() writes, for a cube of n coordinates. Throws InputError where it is no such text or
  /// halves a box that is too small to divide.
  HalvingTree(std::string_view text, std::size_t n);

  /// Halves the box of a node; returns the number of the first half's node, the second one's follows.
  std::uint32_t halve(std::uint32_t node, std::size_t coordinate) {
    const auto first = static_cast<std::uint32_t>(nodes_.size());
    nodes_[node] = {first, static_cast<std::int32_t>(coordinate)};
    nodes_.resize(nodes_.size() + 2);
    return first;
  }

  /// Says that a box which is not halved is still to be decided.
  void leave_open(std::uint32_t node) { nodes_[node].coordinate = open; }

  [[nodiscard]] bool is_full() const { return nodes_.size() > std::numeric_limits<std::uint32_t>::max() - 2; }

  /// Returns the coordinate that the box of a node is halved across, below 0 when it is not halved, and its
  /// first half's node.
  [[nodiscard]] std::int32_t coordinate(std::uint32_t node) const { return nodes_[node].coordinate; }
  [[nodiscard]] std::uint32_t first_half(std::uint32_t node) const { return nodes_[node].first; }

  /// Writes the tree in preorder: a letter for the coordinate, '.' for a box that is not halved, '*' for one
  /// that is left open.
  [[nodiscard]] std::string text() const;

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  static constexpr std::int32_t undivided = -1, open = -2;
  struct Node {
    std::uint32_t first = 0;
    std::int32_t coordinate = undivided;
  };
  std::vector<Node> nodes_;
};

}  // namespace promptbound

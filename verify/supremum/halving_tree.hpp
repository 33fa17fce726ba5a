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

  [[nodiscard]] bool is_full() const { return nodes_.size() > std::numeric_limits<std::uint32_t>::max() - 2; }

  /// Returns the coordinate that the box of a node is halved across, -1 when it is not halved, and its first
  /// half's node.
  [[nodiscard]] std::int32_t coordinate(std::uint32_t node) const { return nodes_[node].coordinate; }
  [[nodiscard]] std::uint32_t first_half(std::uint32_t node) const { return nodes_[node].first; }

  /// Writes the tree in preorder: a letter for the coordinate, '.' for a box that is not halved.
  [[nodiscard]] std::string text() const;

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    std::uint32_t first = 0;
    std::int32_t coordinate = -1;
  };
  std::vector<Node> nodes_;
};

}  // namespace promptbound

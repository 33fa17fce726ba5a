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

  /// Halves the box of a node; returns the number of the first half's node, the second one's follows.
  std::uint32_t halve(std::uint32_t node, std::size_t coordinate) {
    const auto first = static_cast<std::uint32_t>(nodes_.size());
    nodes_[node] = {first, static_cast<std::int32_t>(coordinate)};
    nodes_.resize(nodes_.size() + 2);
    return first;
  }

  [[nodiscard]] bool is_full() const { return nodes_.size() > std::numeric_limits<std::uint32_t>::max() - 2; }

  /// Calls visit(node, coordinate) in preorder, coordinate -1 for a box that is not halved.
  template <class Visit>
  void walk(const Visit& visit) const {
    std::vector<std::uint32_t> pending = {0};
    while (!pending.empty()) {
      const std::uint32_t node = pending.back();
      pending.pop_back();
      visit(node, nodes_[node].coordinate);
      if (nodes_[node].coordinate < 0) continue;
      pending.push_back(nodes_[node].first + 1);
      pending.push_back(nodes_[node].first);
    }
  }

  /// In preorder: a letter for the coordinate, '*' for a box that waits, '.' for another that is not halved.
  [[nodiscard]] std::string text(const std::vector<bool>& waits) const {
    std::string result;
    walk([&](std::uint32_t node, std::int32_t coordinate) {
      if (coordinate >= 0) {
        result += coordinate_letters[static_cast<std::size_t>(coordinate)];
      } else {
        result += node < waits.size() && waits[node] ? '*' : '.';
      }
    });
    return result;
  }

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    std::uint32_t first = 0;
    std::int32_t coordinate = -1;
  };
  std::vector<Node> nodes_;
};

}  // namespace promptbound

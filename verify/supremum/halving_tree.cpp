#include <promptbound/verify/supremum/halving_tree.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/supremum/box_division.hpp>

namespace promptbound {

HalvingTree::HalvingTree(std::string_view text, std::size_t n) : HalvingTree() {
  const auto need = [](bool holds) {
    if (!holds) throw InputError("checkpoint: the tree does not fit the problem");
  };
  std::vector<std::pair<std::uint32_t, Box>> pending = {{0, unit_cube(n)}};
  for (const char letter : text) {
    need(!pending.empty() && !is_full());
    auto [node, box] = std::move(pending.back());
    pending.pop_back();
    if (letter == '.' || letter == '*') continue;  // '*': a box that waits
    const std::size_t coordinate = coordinate_letters.find(letter);
    need(coordinate < n && box.radius[coordinate] >= smallest_radius);
    const std::uint32_t first = halve(node, coordinate);
    auto [low, high] = halves(box, coordinate);
    pending.emplace_back(first + 1, std::move(high));
    pending.emplace_back(first, std::move(low));
  }
  need(pending.empty());
}

std::string HalvingTree::text() const {
  std::string result;
  std::vector<std::uint32_t> pending = {0};
  while (!pending.empty()) {
    const Node node = nodes_[pending.back()];
    pending.pop_back();
    if (node.coordinate < 0) {
      result += node.coordinate == open ? '*' : '.';
      continue;
    }
    result += coordinate_letters[static_cast<std::size_t>(node.coordinate)];
    pending.push_back(node.first + 1);
    pending.push_back(node.first);
  }
  return result;
}

}  // namespace promptbound

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

template <class Visit>
void HalvingTree::for_each(const Visit& visit) const {
  std::vector<std::uint32_t> pending = {0};
  while (!pending.empty()) {
    const std::uint32_t number = pending.back();
    pending.pop_back();
    const Node& node = nodes_[number];
    visit(number, node);
    if (node.coordinate < 0) continue;
    pending.push_back(node.first + 1);
    pending.push_back(node.first);
  }
}

std::vector<std::uint32_t> HalvingTree::leaves() const {
  std::vector<std::uint32_t> result;
  for_each([&](std::uint32_t number, const Node& node) {
    if (node.coordinate < 0) result.push_back(number);
  });
  return result;
}

std::string HalvingTree::text() const {
  std::string result;
  for_each([&](std::uint32_t, const Node& node) {
    if (node.coordinate < 0) {
      result += node.coordinate == open ? '*' : '.';
    } else {
      result += coordinate_letters[static_cast<std::size_t>(node.coordinate)];
    }
  });
  return result;
}

}  // namespace promptbound

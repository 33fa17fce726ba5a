#include <promptbound/attention/polynomial/moment_layout.hpp>

#include <algorithm>

namespace promptbound {
namespace {

/// Fills a layout whose monomials are there.
class LayoutMaker {
 public:
  explicit LayoutMaker(MomentLayout& layout) : layout_(layout), monomials_(layout.monomials) {}

  void make() {
    const Index tail = layout_.moment / 2;
    make_features(std::max({Index{1}, (layout_.degree + 1) / 2, layout_.moment - tail}));
    make_pairs();
    if (layout_.moment > 0) add_moment(layout_.moment - tail, tail);
  }

 private:
  struct Range {
    Index from, to;
  };

  [[nodiscard]] Range of_degree(Index l) const {
    return {l == 0 ? 0 : monomials_.end[static_cast<std::size_t>(l - 1)],
            monomials_.end[static_cast<std::size_t>(l)]};
  }
  [[nodiscard]] std::int32_t variable(Index a) const {
    return monomials_.variable[static_cast<std::size_t>(a)];
  }
  [[nodiscard]] std::int32_t parent(Index a) const { return monomials_.parent[static_cast<std::size_t>(a)]; }
  [[nodiscard]] std::int32_t feature(Index a) const { return feature_[static_cast<std::size_t>(a)]; }
  /// a times a variable that does not come before its last one.
  [[nodiscard]] std::int32_t times(Index a, std::int32_t next) const {
    return monomials_.first_child[static_cast<std::size_t>(a)] + next - variable(a);
  }

  /// Those of one degree by last variable, so that heads of a block are next to each other.
  void make_features(Index highest) {
    for (Index l = 0; l <= highest; ++l) {
      const Range range = of_degree(l);
      std::vector<std::int32_t> order;
      for (Index a = range.from; a < range.to; ++a) order.push_back(static_cast<std::int32_t>(a));
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return variable(a) < variable(b); });
      feature_.resize(static_cast<std::size_t>(range.to));
      for (const std::int32_t a : order) {
        feature_[static_cast<std::size_t>(a)] = static_cast<std::int32_t>(monomial_.size());
        monomial_.push_back(a);
        layout_.parent.push_back(a == 0 ? -1 : feature(parent(a)));
        layout_.variable.push_back(variable(a));
      }
    }
  }
  /// The product of the last `count` variables of a.
  [[nodiscard]] std::int32_t last_variables(Index a, Index count) const {
    return count == 0 ? 0 : times(last_variables(parent(a), count - 1), variable(a));
  }
  /// The first half of a monomial's variables, which its neighbours share, and the second half.
  void make_pairs() {
    for (Index l = 0; l <= layout_.degree; ++l) {
      const Range range = of_degree(l);
      for (Index a = range.from; a < range.to; ++a) {
        Index left = a;
        for (Index i = 0; i < l / 2; ++i) left = parent(left);
        layout_.pairs.push_back({feature(left), feature(last_variables(a, l / 2))});
      }
    }
  }

  [[nodiscard]] std::int32_t first_variable(Index a) const {
    while (parent(a) > 0) a = parent(a);
    return variable(a);
  }
  /// head * tail, both monomials.
  [[nodiscard]] std::int32_t product(Index head, Index tail) const {
    return tail == 0 ? static_cast<std::int32_t>(head) : times(product(head, parent(tail)), variable(tail));
  }
  void add_moment(Index head_degree, Index tail_degree) {
    const Range range = of_degree(head_degree), tails = of_degree(tail_degree);
    for (Index head = range.from; head < range.to;) {
      const std::int32_t last = layout_.variable[static_cast<std::size_t>(head)];
      Index end = head;
      while (end < range.to && layout_.variable[static_cast<std::size_t>(end)] == last) ++end;
      const auto list = static_cast<Index>(layout_.tails.size());
      for (Index b = tails.from; b < tails.to; ++b)
        if (first_variable(b) >= last) layout_.tails.push_back(feature(b));
      for (; head < end; head += std::min(heads_per_block, end - head))
        add_blocks(head, std::min(heads_per_block, end - head), list);
    }
  }
  /// Of these heads and the tails from `list` on.
  void add_blocks(Index head, Index heads, Index list) {
    const auto end = static_cast<Index>(layout_.tails.size());
    for (Index tail = list; tail < end; tail += monomials_per_block) {
      const Index count = std::min(monomials_per_block, end - tail);
      layout_.moment_blocks.push_back({head, heads, tail, count, static_cast<Index>(layout_.size())});
      for (Index i = tail; i < tail + count; ++i) {
        for (Index h = head; h < head + heads; ++h)
          layout_.singles.push_back(
              product(monomial_[static_cast<std::size_t>(h)],
                      monomial_[static_cast<std::size_t>(layout_.tails[static_cast<std::size_t>(i)])]));
      }
    }
  }

  MomentLayout& layout_;
  const Monomials& monomials_;
  std::vector<std::int32_t> feature_, monomial_;  ///< of monomials, and of features
};

}  // namespace

MomentLayout::MomentLayout(Index d_, Index d_v_, Index degree_, Index moment_)
    : monomials(d_, std::max({Index{1}, degree_, moment_})),
      d(d_),
      d_v(d_v_),
      degree(degree_),
      moment(moment_) {
  LayoutMaker(*this).make();
}

Index MomentLayout::chain() const {
  Index longest = std::min(full(), monomials_per_block);
  for (const Block& block : moment_blocks) longest = std::max(longest, block.tails);
  return longest + heads_per_block + std::min(blocks(), blocks_per_sum) + blocks() / blocks_per_sum + 2;
}

Index expected_chain(Index monomials) {
  return std::min(monomials, monomials_per_block) + std::min(monomials / 32, blocks_per_sum) +
         monomials / 2048 + 2 + heads_per_block;
}

}  // namespace promptbound

#include <promptbound/attention/moment_layout.hpp>

#include <algorithm>

namespace promptbound {
namespace {

/// Fills a layout whose monomials are there.
class LayoutMaker {
 public:
  explicit LayoutMaker(MomentLayout& layout) : layout_(layout), monomials_(layout.monomials) {}

  void make() {
    Index most = std::min<Index>(layout_.degree, 1);  // degree of tails
    while (most < layout_.degree && monomial_count(layout_.d, most + 1) <= tails_per_block) ++most;
    const Index moment_tail = std::min(most, layout_.moment / 2);
    make_features(std::max({most, layout_.degree - most, layout_.moment - moment_tail}));
    find_first_variables(most);
    // Heads of these degrees with all tails, then what is left below them with the head 1.
    Index head = layout_.degree - most;
    for (; head > 0; head -= most + 1) add_level(head, most);
    add_blocks(0, tails_from(0, 0, head + most));
    if (layout_.moment > 0) add_moment(layout_.moment - moment_tail, moment_tail);
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
  [[nodiscard]] std::int32_t feature(Index a) const { return feature_[static_cast<std::size_t>(a)]; }

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
        layout_.parent.push_back(a == 0 ? -1 : feature(monomials_.parent[static_cast<std::size_t>(a)]));
        layout_.variable.push_back(variable(a));
      }
    }
  }
  void find_first_variables(Index highest) {
    first_variable_.assign(static_cast<std::size_t>(of_degree(highest).to), 0);
    for (Index a = 1; a < of_degree(highest).to; ++a) {
      const auto parent = static_cast<std::size_t>(monomials_.parent[static_cast<std::size_t>(a)]);
      first_variable_[static_cast<std::size_t>(a)] = parent == 0 ? variable(a) : first_variable_[parent];
    }
  }

  /// The list of the tails of degrees from .. to in the variables first .. d-1; a range of `tails`.
  Range tails_from(std::int32_t first, Index from, Index to) {
    const auto begin = static_cast<Index>(layout_.tails.size());
    for (Index b = of_degree(from).from; b < of_degree(to).to; ++b) {
      if (b > 0 && first_variable_[static_cast<std::size_t>(b)] < first) continue;
      layout_.tails.push_back(feature(b));
    }
    return {begin, static_cast<Index>(layout_.tails.size())};
  }
  /// head * tail, both monomials.
  [[nodiscard]] std::int32_t product(Index head, Index tail) const {
    if (tail == 0) return static_cast<std::int32_t>(head);
    const std::int32_t a = product(head, monomials_.parent[static_cast<std::size_t>(tail)]);
    return monomials_.first_child[static_cast<std::size_t>(a)] + variable(tail) - variable(a);
  }
  [[nodiscard]] std::int32_t product_of_features(Index head, Index at) const {
    return product(monomial_[static_cast<std::size_t>(head)],
                   monomial_[static_cast<std::size_t>(layout_.tails[static_cast<std::size_t>(at)])]);
  }

  void add_level(Index head_degree, Index most) {
    const Range heads = of_degree(head_degree);
    std::int32_t last = -1;
    Range list{};
    for (Index head = heads.from; head < heads.to; ++head) {
      const std::int32_t a = monomial_[static_cast<std::size_t>(head)];
      if (variable(a) != last) list = tails_from(last = variable(a), 0, most);
      add_blocks(head, list);
    }
  }
  void add_blocks(Index head, Range list) {
    for (Index tail = list.from; tail < list.to; tail += tails_per_block) {
      const Index count = std::min(tails_per_block, list.to - tail);
      layout_.blocks.push_back({head, 1, tail, count, layout_.full() * layout_.columns()});
      for (Index i = tail; i < tail + count; ++i) layout_.rows.push_back(product_of_features(head, i));
    }
  }
  void add_moment(Index head_degree, Index tail_degree) {
    const Range range = of_degree(head_degree);
    for (Index head = range.from; head < range.to;) {
      const std::int32_t last = variable(monomial_[static_cast<std::size_t>(head)]);
      Index end = head;
      while (end < range.to && variable(monomial_[static_cast<std::size_t>(end)]) == last) ++end;
      const Range list = tails_from(last, tail_degree, tail_degree);
      for (; head < end; head += std::min(heads_per_block, end - head)) {
        const Index heads = std::min(heads_per_block, end - head);
        for (Index tail = list.from; tail < list.to; tail += tails_per_block) {
          const Index count = std::min(tails_per_block, list.to - tail);
          layout_.moment_blocks.push_back({head, heads, tail, count, static_cast<Index>(layout_.size())});
          for (Index i = tail; i < tail + count; ++i) {
            for (Index h = head; h < head + heads; ++h) layout_.singles.push_back(product_of_features(h, i));
          }
        }
      }
    }
  }

  MomentLayout& layout_;
  const Monomials& monomials_;
  std::vector<std::int32_t> feature_, monomial_;  ///< of monomials, and of features
  std::vector<std::int32_t> first_variable_;      ///< of monomials
};

}  // namespace

MomentLayout::MomentLayout(Index d_, Index d_v_, Index degree_, Index moment_)
    : monomials(d_, std::max(degree_, moment_)), d(d_), d_v(d_v_), degree(degree_), moment(moment_) {
  LayoutMaker(*this).make();
  row_of.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    row_of[static_cast<std::size_t>(rows[i])] = static_cast<std::int32_t>(i);
}

Index MomentLayout::chain() const {
  Index longest = 0;
  for (const auto* list : {&blocks, &moment_blocks}) {
    for (const Block& block : *list) longest = std::max(longest, block.tails);
  }
  const auto count = static_cast<Index>(std::max(blocks.size(), moment_blocks.size()));
  return longest + heads_per_block + std::min(count, blocks_per_sum) + count / blocks_per_sum + 2;
}

Index expected_chain(Index monomials) {
  return std::min(monomials, tails_per_block) + std::min(monomials / 32, blocks_per_sum) + monomials / 2048 +
         2 + heads_per_block;
}

}  // namespace promptbound

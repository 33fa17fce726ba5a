#include <algorithm>

#include <promptbound/bounds/box_pairs.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

BoxPair operator+(const BoxPair& a, const BoxPair& b) { return {a.c + b.c, a.k + b.k}; }
BoxPair operator*(const Integer& j, const BoxPair& a) { return {j * a.c, j * a.k}; }

/// The least j >= 1 at which a statement holds that goes on to hold from there.
template <class Statement>
Integer least(const Statement& holds) {
  Integer low = 0, high = 1;
  while (!holds(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const Integer middle = (low + high) / 2;
    (holds(middle) ? high : low) = middle;
  }
  return high;
}

/// The upper hull of the pairs up to some c, edge by edge.
class Walk {
 public:
  Walk(const BoxPairs& pairs, const Integer& low, const Integer& high)
      : pairs_(pairs), high_(high), vertex_{low, pairs.top(low)} {}

  [[nodiscard]] const BoxPair& vertex() const { return vertex_; }

  /// On to the next vertex; before the last.
  void advance() {
    const BoxPair edge = steepest_edge();
    const Integer past = least([&](const Integer& j) { return !leads_to_pair(j * edge); });
    vertex_ = vertex_ + Integer(past - 1) * edge;
  }

 private:
  /// The steps origin + i step, 1 <= i <= count.
  struct Run {
    BoxPair origin;
    BoxPair step;
    Integer count;
    [[nodiscard]] BoxPair at(const Integer& i) const { return origin + i * step; }
  };

  [[nodiscard]] bool leads_to_pair(const BoxPair& step) const {
    return vertex_.c + step.c <= high_ && pairs_.holds(vertex_ + step);
  }
  /// Is phi' <= step.k/step.c at c?
  [[nodiscard]] bool is_flatter(const Integer& c, const BoxPair& step) const {
    const Integer root = pairs_.A + pairs_.E * c;
    return pairs_.K * pairs_.A * step.c <= step.k * root * root;
  }

  /// The steepest step from the vertex to a pair, the shortest of these.
  [[nodiscard]] BoxPair steepest_edge() {
    // `in` leads to a pair; `out`, a neighbour in the Stern-Brocot tree and steeper, to none.
    BoxPair out = remove_false();
    if (steps_.empty()) steps_.push_back({{0, pairs_.top(Integer(vertex_.c + 1)) - vertex_.k}, {1, 0}, 1});
    BoxPair in = steps_.back().at(steps_.back().count);
    for (;;) {
      const Integer steeper = least([&](const Integer& j) { return !leads_to_pair(in + j * out); }) - 1;
      if (steeper > 0) {
        steps_.push_back({in, out, steeper});
        in = in + steeper * out;
      }
      // Along `out + j in` pairs are met, if at all, before phi is flatter than `in`.
      const Integer j = least([&](const Integer& i) {
        const BoxPair p = vertex_ + out + i * in;
        return p.c > high_ || pairs_.holds(p) || is_flatter(p.c, in);
      });
      if (!leads_to_pair(out + j * in)) return in;
      out = out + Integer(j - 1) * in;
      steps_.push_back({in, out, 1});
      in = in + out;
    }
  }

  /// Removes the steps that lead to no pair any more, which are the steepest; the last of them.
  BoxPair remove_false() {
    BoxPair removed{0, 1};
    while (!steps_.empty()) {
      Run& run = steps_.back();
      if (leads_to_pair(run.at(run.count))) return removed;
      const Integer first_false = least([&](const Integer& i) { return !leads_to_pair(run.at(i)); });
      removed = run.at(first_false);
      run.count = first_false - 1;
      if (run.count > 0) return removed;
      steps_.pop_back();
    }
    return {0, 1};
  }

  const BoxPairs& pairs_;
  const Integer& high_;
  BoxPair vertex_;
  /// Ever steeper steps down the Stern-Brocot tree, each a neighbour there of the one before, which is the
  /// last of the run before; the last of all is the edge that ends at the vertex.
  std::vector<Run> steps_;
};

}  // namespace

BoxPairs::BoxPairs(const LipschitzPacking& problem, const Integer& first)
    : lowest(numerator(problem.base(first))) {
  const Rational reach = 2 * problem.Lambda * problem.R, twice_eps = 2 * problem.functions.eps;
  const Integer common =
      lcm(denominator(problem.functions.C), Integer(lcm(denominator(reach), denominator(twice_eps))));
  K = numerator(Rational(problem.functions.C * common));
  A = numerator(Rational(reach * common));
  E = numerator(Rational(twice_eps * common));
}

Integer BoxPairs::top(const Integer& c) const {
  const Integer room = A + E * c;
  return (K * c + room - 1) / room - 1;
}

Integer BoxPairs::base(const Integer& k) const { return std::max(lowest, Integer(k * A / (K - E * k) + 1)); }

std::vector<BoxPair> BoxPairs::hull(const Integer& low, const Integer& high) const {
  Walk walk(*this, low, high);
  std::vector<BoxPair> result{walk.vertex()};
  while (result.back().c < high) {
    walk.advance();
    result.push_back(walk.vertex());
  }
  return result;
}

}  // namespace promptbound

#include <algorithm>
#include <cmath>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include <promptbound/bounds/box_grid.hpp>
#include <promptbound/bounds/box_pairs.hpp>
#include <promptbound/bounds/search/grid_search.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

// For k >= C, floor(R/rho_k) + 1 is at most c where k is below phi(c) = K c/(A + E c), K : A : E being
// C : 2 Lambda R : 2 eps. So the best grid number is that of the best pair (c, k), k < phi(c), for the
// objective n ln(k+1) - ln ln c, which rises with k and falls with c. Two facts make a search possible where
// c and k have hundreds of digits:
//   - phi is concave, and so is (ln c)^{1/n}: the pairs fill a convex set, and the objective is at most t on
//   a
//     convex set for each t. So of the pairs with c in a range the best one is a vertex of their convex hull.
//   - k + 1 <= phi(c) + 1: the envelope G(c) = n ln(phi(c) + 1) - ln ln c is above the objective, and G' has
//   the
//     sign of  S(c) = n A K c ln c - ((K + E) c + A)(A + E c).
// Branch and bound over c by the envelope leaves a short range beside its maximum, and the vertices there are
// few.

namespace promptbound {
namespace {

constexpr int few_vertices = 32;
constexpr int most_ranges = 2000;

class Search {
 public:
  Search(const BoxPairs& pairs, const Integer& n) : pairs_(pairs), n_(n) {}

  /// The best grid number of the bases low to high; nothing where the working precision does not decide it.
  [[nodiscard]] std::optional<Integer> run(const Integer& low, const Integer& high) {
    visit(pairs_.top(low));
    add(low, high);
    for (int i = 0; i < most_ranges; ++i) {
      if (open_.empty() || certainly_less_equal(open_.top().bound, best_.front().value)) return decided();
      const Range range = open_.top();
      open_.pop();
      split(range.low, range.high);
    }
    return std::nullopt;
  }

 private:
  struct Candidate {
    Integer k;
    Integer c;
    Interval value;
  };
  struct Range {
    Integer low;
    Integer high;
    Interval bound;
    friend bool operator<(const Range& a, const Range& b) {
      return mpfr_less_p(&a.bound.get()->right, &b.bound.get()->right) != 0;
    }
  };

  void visit(const Integer& k) {
    for (const Candidate& other : best_) {
      if (other.k == k) return;
    }
    const Integer c = pairs_.base(k);
    Candidate candidate{k, c, objective(k, Interval(c))};
    for (const Candidate& other : best_) {
      if (certainly_less(candidate.value, other.value)) return;
    }
    std::erase_if(best_,
                  [&](const Candidate& other) { return certainly_less(other.value, candidate.value); });
    best_.push_back(std::move(candidate));
  }

  void visit_vertices(const Integer& low, const Integer& high) {
    // A vertex is below the envelope by n ln((phi(c) + 1)/(k + 1)): most by so much that a few bits decide.
    std::vector<std::pair<Interval, Integer>> vertices;
    for (const BoxPair& p : pairs_.hull(low, high)) {
      const WorkingPrecision scope(64);
      const Integer room = pairs_.A + pairs_.E * p.c;
      vertices.emplace_back(Interval(n_) * log1p(Interval(Integer(pairs_.K * p.c - p.k * room)) /
                                                 (Interval(room) * Interval(Integer(p.k + 1)))),
                            p.k);
    }
    std::sort(vertices.begin(), vertices.end(), [](const auto& a, const auto& b) {
      return mpfr_less_p(&a.first.get()->right, &b.first.get()->right) != 0;
    });
    const Interval above = envelope_above(low, high);
    for (const auto& [below, k] : vertices) {
      if (!certainly_less(above - best_.front().value, below)) visit(k);
    }
  }

  /// What is left cannot be told apart; equal ones need not be.
  [[nodiscard]] std::optional<Integer> decided() const {
    for (const Candidate& other : best_) {
      if (!is_tie(best_.front(), other)) return std::nullopt;
    }
    return best_.front().k;
  }

  /// ((k+1)/(k'+1))^n = ln c/ln c'? That quotient is rational, of numbers below the bits of c, or
  /// transcendental.
  [[nodiscard]] bool is_tie(const Candidate& a, const Candidate& b) const {
    constexpr int most = 64;
    if (a.k == b.k) return true;
    if (n_ > most) return false;
    const Rational ratio(power(Rational(Integer(a.k + 1), Integer(b.k + 1)), n_.convert_to<unsigned long>()));
    return equal_powers(Rational(a.c), denominator(ratio), Rational(b.c), numerator(ratio));
  }

  void add(const Integer& low, const Integer& high) {
    if (low > high) return;
    const Integer last = std::min(high, pairs_.base(pairs_.top(high)));  // beyond, only c grows
    Interval bound = bound_on(low, std::max(low, last));
    if (!certainly_less_equal(bound, best_.front().value))
      open_.push({low, std::max(low, last), std::move(bound)});
  }

  void split(const Integer& low, const Integer& high) {
    const Integer first = pairs_.top(low), last = pairs_.top(high);
    if (last - first <= few_vertices) {
      for (Integer k = first; k <= last; ++k) visit(k);
      return;
    }
    if (high - low <= short_length(low)) {
      visit_vertices(low, high);
      return;
    }
    if (const auto near = beside_maximum(low, high)) {
      add(near->first, near->second);
      add(low, near->first - 1);
      add(near->second + 1, high);
      return;
    }
    // Where the envelope is monotone the best are at an end.
    const int sign = S_sign(low, high);
    const Integer middle = sign > 0         ? std::max(low, Integer(before(high) - 1))
                           : sign < 0       ? std::min(Integer(high - 1), behind(low, high))
                           : high > 4 * low ? floor_root(low * high, 2)
                                            : Integer((low + high) / 2);
    add(low, middle);
    add(middle + 1, high);
  }

  /// The length of a range from c on where phi has few vertices: about (length) (-phi'')^{1/3} beside those
  /// at the two ends, phi'' = -2 K A E/(A + E c)^3.
  [[nodiscard]] Integer short_length(const Integer& c) const {
    const Integer room = pairs_.A + pairs_.E * c;
    return few_vertices + floor_root(few_vertices * few_vertices * few_vertices * room * room * room /
                                         (2 * pairs_.K * pairs_.A * pairs_.E),
                                     3);
  }

  /// The base that is a quarter of such a range before c, or some grid numbers.
  [[nodiscard]] Integer before(const Integer& c) const {
    const Integer k = pairs_.top(c) - few_vertices / 4;
    return std::min(Integer(c - short_length(c) / 4), k < 1 ? Integer(1) : pairs_.base(k));
  }
  /// The same behind c, in a range that ends at `high`.
  [[nodiscard]] Integer behind(const Integer& c, const Integer& high) const {
    const Integer k = std::min(Integer(pairs_.top(c) + few_vertices / 4), pairs_.top(high));
    return std::max(Integer(c + short_length(c) / 4), pairs_.base(k));
  }

  /// The bases beside the envelope's maximum: a step of Newton's interval method, and on both sides what
  /// still has few vertices. Nothing where S may not fall, has no root there, or little is gained.
  [[nodiscard]] std::optional<std::pair<Integer, Integer>> beside_maximum(const Integer& low,
                                                                          const Integer& high) const {
    const Integer middle = (low + high) / 2;
    const Interval derivative = S_derivative(low, high);
    if (!certainly_positive(-derivative)) return std::nullopt;
    const Interval root = Interval(middle) - S(middle) / derivative;
    if (!root.is_finite()) return std::nullopt;
    Integer left = floor(root.lower()), right = ceil(root.upper());
    if (right < low || left > high) return std::nullopt;
    left = std::max(low, before(std::clamp(left, low, high)));
    right = std::min(high, behind(std::clamp(right, low, high), high));
    if (2 * (right - left) > high - low) return std::nullopt;
    return std::pair(left, right);
  }

  /// At least the objective on {low, ..., high}: k at the upper end with c at the lower one; or, where the
  /// envelope is monotone, its value at the u(k) of an end, u(k) = phi^{-1}(k) < c.
  [[nodiscard]] Interval bound_on(const Integer& low, const Integer& high) const {
    const Integer first = pairs_.top(low), last = pairs_.top(high);
    const int sign = first < last ? S_sign(low, high) : 0;
    if (sign > 0) return objective(last, u(last));
    // The pairs of `first` have c >= low; u of the next one is at least low.
    if (sign < 0) return max(objective(first, Interval(low)), objective(first + 1, u(first + 1)));
    return objective(last, Interval(low));
  }

  /// n ln(k+1) - ln ln c
  [[nodiscard]] Interval objective(const Integer& k, const Interval& c) const {
    return Interval(n_) * log(Interval(Integer(k + 1))) - log(log(c));
  }
  [[nodiscard]] Interval u(const Integer& k) const {
    return Interval(Integer(k * pairs_.A)) / Interval(Integer(pairs_.K - pairs_.E * k));
  }

  /// The sign of S on {low, ..., high}, or 0 where it is not clear.
  [[nodiscard]] int S_sign(const Integer& low, const Integer& high) const {
    const Interval derivative = S_derivative(low, high);
    const bool falls = certainly_positive(-derivative), rises = certainly_positive(derivative);
    if (falls || rises) {
      if (certainly_positive(S(falls ? high : low))) return 1;
      return certainly_positive(-S(falls ? low : high)) ? -1 : 0;
    }
    const Integer middle = (low + high) / 2;
    const Interval c{Interval(low), Interval(high)};
    const Interval all = S(middle) + derivative * (c - Interval(middle));
    return certainly_positive(all) ? 1 : certainly_positive(-all) ? -1 : 0;
  }

  [[nodiscard]] Interval envelope(const Integer& c) const {
    const Integer room = pairs_.A + pairs_.E * c;
    return Interval(n_) * log(Interval(Integer(pairs_.K * c + room)) / Interval(room)) -
           log(log(Interval(c)));
  }
  /// At least the envelope on {low, ..., high}: G' = S/((K c + A + E c)(A + E c) c ln c).
  [[nodiscard]] Interval envelope_above(const Integer& low, const Integer& high) const {
    const Integer middle = (low + high) / 2, room = pairs_.A + pairs_.E * low;
    const Interval c{Interval(low), Interval(high)};
    const Interval slope = (S(middle) + S_derivative(low, high) * (c - Interval(middle))) /
                           (Interval(Integer((pairs_.K * low + room) * room * low)) * log(Interval(low)));
    return envelope(middle) + abs(slope) * Interval(Integer(high - low));
  }
  [[nodiscard]] Interval S(const Integer& c) const {
    const Integer room = pairs_.A + pairs_.E * c;
    return Interval(Integer(n_ * pairs_.A * pairs_.K * c)) * log(Interval(c)) -
           Interval(Integer((pairs_.K * c + room) * room));
  }
  /// n A K (ln c + 1) - A (K + 2 E) - 2 E (K + E) c
  [[nodiscard]] Interval S_derivative(const Integer& low, const Integer& high) const {
    const Interval c{Interval(low), Interval(high)};
    return Interval(Integer(n_ * pairs_.A * pairs_.K)) * (log(c) + Interval(1)) -
           Interval(Integer(pairs_.A * (pairs_.K + 2 * pairs_.E))) -
           Interval(Integer(2 * pairs_.E * (pairs_.K + pairs_.E))) * c;
  }

  const BoxPairs& pairs_;
  const Integer& n_;
  std::vector<Candidate> best_;  ///< those that no other is certainly better than
  std::priority_queue<Range> open_;
};

/// n ln(k+1) - ln ln c in binary64, from the exact c; not finite where binary64 does not hold c or n.
double approximate_objective(const LipschitzPacking& problem, const Integer& k) {
  const double points = problem.functions.n.convert_to<double>() * std::log1p(k.convert_to<double>());
  return points - std::log(std::log(numerator(problem.base(k)).convert_to<double>()));
}

}  // namespace

Integer best_box_grid_number(const LipschitzPacking& problem) {
  // Up to k = C, h_k = 1 and the largest k is best.
  const Integer& finest = problem.functions.finest;
  const Integer first = std::clamp(floor(problem.functions.C), Integer(1), finest);
  if (first == finest) return finest;
  const auto approximate = [&](const Integer& k) { return approximate_objective(problem, k); };
  if (std::optional<Integer> best = best_of_few(first, finest, approximate)) return std::move(*best);
  const BoxPairs pairs(problem, first);
  const Integer high = pairs.base(finest);
  return at_rising_precision("which grid number is best", 256 + 2 * static_cast<long>(bit_size(finest)),
                             [&] { return Search(pairs, problem.functions.n).run(pairs.lowest, high); });
}

}  // namespace promptbound

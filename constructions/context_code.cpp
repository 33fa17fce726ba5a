#include <algorithm>
#include <random>

#include <promptbound/constructions/context_code.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {
namespace {

constexpr long most_context_codes = 100000;
constexpr int directions_tried = 200;

/// The tokens' values a^T x, and how far these are from 0 and from one another.
struct Spread {
  Rational least_size, largest_size, least_gap;

  explicit Spread(const Vector<Rational>& values)
      : least_size(values.cwiseAbs().minCoeff()), largest_size(values.cwiseAbs().maxCoeff()) {
    std::vector<Rational> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    least_gap = sorted.back() - sorted.front();
    for (std::size_t k = 1; k < sorted.size(); ++k)
      least_gap = std::min<Rational>(least_gap, sorted[k] - sorted[k - 1]);
  }

  /// Scale-free; the larger, the smaller the scores that tell all tokens apart.
  [[nodiscard]] Rational quality() const { return least_size * least_gap / (largest_size * largest_size); }
};

/// The next T-subset of 0..v-1 in lexicographic order; false after the last.
bool next_subset(std::vector<Index>& subset, Index v) {
  const auto T = static_cast<Index>(subset.size());
  for (Index k = T - 1; k >= 0; --k) {
    if (subset[static_cast<std::size_t>(k)] == v - T + k) continue;
    ++subset[static_cast<std::size_t>(k)];
    for (Index later = k + 1; later < T; ++later) {
      subset[static_cast<std::size_t>(later)] = subset[static_cast<std::size_t>(later - 1)] + 1;
    }
    return true;
  }
  return false;
}

Interval norm(const Vector<Rational>& x) { return sqrt(Interval(Rational(x.dot(x)))); }

}  // namespace

ContextCode::ContextCode(Matrix<Rational> vocabulary, Index T) : vocabulary_(std::move(vocabulary)), T_(T) {
  const Index v = vocabulary_.cols();
  if (vocabulary_.rows() < 1 || T < 2 || T > v) {
    throw InputError("context code: 2 <= T <= v and d >= 1 are needed");
  }
  if (binomial(Integer(v), static_cast<unsigned long>(T)) * T > most_context_codes) {
    throw InputError("context code: more than " + std::to_string(most_context_codes) +
                     " codes; lower v or T");
  }
  choose_direction();
  const Spread spread(multiply<Rational>(vocabulary_.transpose(), a_).col(0));
  // Rounded to the safe side: beta up, gamma down.
  const Interval needed = (Interval(2) * log(Interval(Integer(T))) + Interval(3)) /
                          Interval(Rational(spread.least_size * spread.least_gap));
  const Rational beta = ceil(Rational(needed.upper() * 64)) / Rational(64);
  const Rational gamma = (premises().s / Interval(Rational(4 * spread.largest_size))).lower();
  Matrix<Rational> W_O = Matrix<Rational>::Zero(vocabulary_.rows(), 1);
  W_O(0, 0) = gamma;
  const Matrix<Rational> row = a_.transpose();
  layer_ = {vocabulary_.rows(), {{{{beta * row, row, row, W_O}}, std::nullopt}}, Mask::bidirectional};
}

void ContextCode::choose_direction() {
  // Almost every direction tells the tokens apart; of some, take the best.
  std::mt19937_64 random(1);
  Rational best = 0;
  for (int trial = 0; trial < directions_tried; ++trial) {
    Vector<Rational> a(vocabulary_.rows());
    for (Rational& entry : a) entry = Rational(static_cast<long>(random() % 201) - 100);
    const Spread spread(multiply<Rational>(vocabulary_.transpose(), a).col(0));
    if (spread.largest_size == 0 || spread.quality() <= best) continue;
    best = spread.quality();
    a_ = a;
  }
  if (best == 0)
    throw InputError("context code: no direction separates the vocabulary; zero or repeated tokens?");
}

ContextCode::Premises ContextCode::premises() const {
  Premises result;
  for (Index x = 0; x < vocabulary_.cols(); ++x) {
    const Interval size = norm(vocabulary_.col(x));
    result.r_min = x == 0 ? size : min(result.r_min, size);
    result.r_max = max(result.r_max, size);
    for (Index y = 0; y < x; ++y) {
      const Interval distance = norm(vocabulary_.col(x) - vocabulary_.col(y));
      result.s = x == 1 && y == 0 ? distance : min(result.s, distance);
    }
  }
  return result;
}

Interval ContextCode::separation_at_this_precision() const {
  const Index v = vocabulary_.cols();
  const Transformer<Interval> layer = from_rational<Interval>(layer_);
  std::vector<std::vector<Interval>> codes(static_cast<std::size_t>(v));  // first coordinates, by token
  std::vector<Index> subset;
  for (Index k = 0; k < T_; ++k) subset.push_back(k);
  do {
    const Matrix<Interval> tokens =
        from_rational<Interval>(Matrix<Rational>(vocabulary_(Eigen::all, subset)));
    const Matrix<Interval> output = evaluate(layer, tokens);
    for (Index k = 0; k < T_; ++k) {
      codes[static_cast<std::size_t>(subset[static_cast<std::size_t>(k)])].push_back(output(0, k));
    }
  } while (next_subset(subset, v));

  std::optional<Interval> least;
  const auto include = [&](const Interval& distance) { least = least ? min(*least, distance) : distance; };
  std::vector<Interval> ranges;
  for (std::vector<Interval>& of_token : codes) {
    std::sort(of_token.begin(), of_token.end(), [](const Interval& x, const Interval& y) {
      return certainly_less(x.midpoint(), y.midpoint());
    });
    // The enclosures are disjoint when every neighbour difference is positive, and then these are the least
    // ones.
    for (std::size_t k = 1; k < of_token.size(); ++k) include(of_token[k] - of_token[k - 1]);
    ranges.push_back(hull(of_token.front(), of_token.back()));
  }
  for (Index x = 0; x < v; ++x) {
    for (Index y = 0; y < x; ++y) {
      // Only the first coordinate has moved.
      const Vector<Rational> rest = (vocabulary_.col(x) - vocabulary_.col(y)).tail(vocabulary_.rows() - 1);
      const Interval moved = ranges[static_cast<std::size_t>(x)] - ranges[static_cast<std::size_t>(y)];
      include(sqrt(square(moved) + Interval(Rational(rest.dot(rest)))));
    }
  }
  return *least;
}

Interval ContextCode::separation() const {
  return at_rising_precision("the distance of the context codes", 256, [&] {
    Interval result = separation_at_this_precision();
    return certainly_positive(result) ? std::optional(std::move(result)) : std::nullopt;
  });
}

}  // namespace promptbound

// Certificates of memorization by a layer of several heads (theory 2.3H), for memorize_problem.hpp. Shares
// rationals, intervals and binary64 intervals with the producers; charts, boxes and derivatives are said
// again.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/check/memorize_problem.hpp>

namespace promptbound::checker {
namespace {

constexpr std::size_t most_heads = 4;
constexpr unsigned most_halvings = 60;  ///< of one side of a chart
/// A leaf needs a few dozen; one that is not shown by so many does not wear the checker out.
constexpr std::size_t most_halvings_of_leaf = 1024;

/// A number that depends on a point of a box, with its derivatives by the point's coordinates: ranges over
/// the box.
struct Jet {
  FastInterval value;
  std::vector<FastInterval> slopes;

  static Jet constant(const FastInterval& value, std::size_t count) {
    return {value, std::vector<FastInterval>(count)};
  }
  /// The coordinate j.
  static Jet coordinate(const FastInterval& value, std::size_t j, std::size_t count) {
    Jet result = constant(value, count);
    result.slopes[j] = FastInterval(1);
    return result;
  }
  /// A function of this one with the value and the derivative given.
  [[nodiscard]] Jet followed_by(const FastInterval& image, const FastInterval& derivative) const {
    Jet result{image, slopes};
    for (FastInterval& slope : result.slopes) slope *= derivative;
    return result;
  }

  Jet& operator+=(const Jet& other) {
    value += other.value;
    for (std::size_t j = 0; j < slopes.size(); ++j) slopes[j] += other.slopes[j];
    return *this;
  }
  friend Jet operator*(const Jet& a, const Jet& b) {
    Jet result{a.value * b.value, {}};
    for (std::size_t j = 0; j < a.slopes.size(); ++j)
      result.slopes.push_back(a.slopes[j] * b.value + a.value * b.slopes[j]);
    return result;
  }
  friend Jet operator*(const FastInterval& factor, Jet jet) {
    jet.value *= factor;
    for (FastInterval& slope : jet.slopes) slope *= factor;
    return jet;
  }
};

using WeightBox = std::vector<std::pair<Rational, Rational>>;

FastInterval fast(const Rational& x) { return FastInterval(x); }
Rational middle_of(const std::pair<Rational, Rational>& side) { return (side.first + side.second) / 2; }

std::pair<WeightBox, WeightBox> halves(const WeightBox& box, std::size_t across) {
  std::pair<WeightBox, WeightBox> result{box, box};
  result.first[across].second = result.second[across].first = middle_of(box[across]);
  return result;
}

/// The mean values of one case: lambda by coordinate, and v(x) = values + slopes (x - anchor).
struct Case {
  std::vector<int> signs;
  Rational norm;                                   ///< of lambda
  std::vector<FastInterval> asked;                 ///< by row: lambda . t
  std::vector<std::vector<FastInterval>> outputs;  ///< by row and head: lambda . a
  std::vector<FastInterval> values;
  std::vector<std::vector<FastInterval>> slopes;
};

/// The tree: every leaf shows that no mean values have all errors at most the level, at weights in its box.
class Tree {
 public:
  Tree(const Problem& problem, const Json& evidence) : problem_(problem), heads_(problem.heads.size()) {
    require(heads_ >= 2 && heads_ <= most_heads, "tree: it is about 2 to 4 heads");
    require(problem.examples.size() > heads_, "tree: more examples than heads are needed");
    const Vector<Rational> scales =
        sized_vector(member(evidence, "scales", "evidence"), static_cast<Index>(heads_), "scales");
    for (const Rational& scale : scales) require(scale > 0, "scales: numbers above 0 are needed");
    for (const Example& example : problem.examples) {
      auto& ratios = ratios_.emplace_back();
      auto& outputs = outputs_.emplace_back();
      for (std::size_t h = 0; h < heads_; ++h) {
        const HeadSums& sums = example.heads[h];
        ratios.emplace_back(sums.S / Interval(scales(static_cast<Index>(h))));
        auto& of_head = outputs.emplace_back();
        for (const Interval& weighted : sums.weighted) of_head.emplace_back(weighted / sums.S);
      }
    }
    order_.resize(heads_);
  }

  /// Returns the number of boxes that were bounded.
  std::size_t check(const Json& evidence) {
    const Json& charts = member(evidence, "charts", "evidence");
    require(charts.is_array(), "charts: one for each order of the heads is needed");
    for (const Json& chart : charts) require(chart.is_array(), "charts: nodes are needed");
    std::iota(order_.begin(), order_.end(), std::size_t(0));
    std::size_t k = 0;
    do {
      require(k < charts.size(), "charts: one for each order of the heads is needed");
      check_chart(charts[k++]);
    } while (std::next_permutation(order_.begin(), order_.end()));
    require(k == charts.size(), "charts: one for each order of the heads is needed");
    return boxes_;
  }

 private:
  void check_chart(const Json& nodes) {
    std::vector<WeightBox> pending = {WeightBox(heads_, {Rational(0), Rational(1)})};
    for (const Json& node : nodes) {
      require(!pending.empty(), "charts: nodes beyond the last box");
      const WeightBox box = std::move(pending.back());
      pending.pop_back();
      if (node.is_object()) {
        check_leaf(node, box);
        continue;
      }
      const std::size_t across = index_from(node, heads_, "charts: a halved coordinate");
      require(numerator(Rational(box[across].second - box[across].first)) == 1 &&
                  denominator(Rational(box[across].second - box[across].first)) < Integer(1) << most_halvings,
              "charts: a box is too small");
      auto [first, second] = halves(box, across);
      pending.push_back(std::move(second));
      pending.push_back(std::move(first));
    }
    require(pending.empty(), "charts: boxes without a bound");
  }

  void check_leaf(const Json& leaf, const WeightBox& box) {
    const std::vector<std::size_t> rows =
        increasing(member(leaf, "rows", "leaf"), problem_.examples.size(), "rows");
    require(rows.size() == heads_ + 1, "rows: one more than there are heads is needed");
    const std::vector<std::size_t> coordinates = increasing(
        member(leaf, "coordinates", "leaf"), static_cast<std::size_t>(problem_.width), "coordinates");
    const Json& given = member(leaf, "cases", "leaf");
    // Multipliers that eliminate a positive direction have both signs; a common sign does not matter.
    require(given.is_array() && given.size() == (std::size_t(1) << heads_) - 1,
            "cases: one for each pattern of signs is needed");
    std::vector<Case> cases;
    for (std::size_t k = 0; k < given.size(); ++k)
      cases.push_back(case_of(given[k], k + 1, rows, coordinates));
    std::vector<Rational> anchor;
    for (const auto& side : box) anchor.push_back(middle_of(side));
    std::vector<WeightBox> parts = {box};
    std::size_t halved = 0;
    while (!parts.empty()) {
      const WeightBox part = std::move(parts.back());
      parts.pop_back();
      ++boxes_;
      const std::optional<std::size_t> across = undecided_on(part, anchor, rows, cases);
      if (!across) continue;
      require(++halved <= most_halvings_of_leaf,
              "tree: the error is not shown to be above the level on every box");
      auto [first, second] = halves(part, *across);
      parts.push_back(std::move(second));
      parts.push_back(std::move(first));
    }
  }

  static std::vector<std::size_t> increasing(const Json& list, std::size_t count, const std::string& what) {
    require(list.is_array() && !list.empty(), "leaf: lists of rows and of coordinates are needed");
    std::vector<std::size_t> result;
    for (const Json& entry : list) {
      result.push_back(index_from(entry, count, what));
      require(result.size() == 1 || result.back() > result[result.size() - 2],
              "leaf: increasing rows and coordinates are needed");
    }
    return result;
  }

  Case case_of(const Json& given, std::size_t pattern, const std::vector<std::size_t>& rows,
               const std::vector<std::size_t>& coordinates) const {
    Case result;
    for (std::size_t i = 0; i < rows.size(); ++i)
      result.signs.push_back(i > 0 && (pattern >> (i - 1) & 1U) != 0 ? -1 : 1);
    const Vector<Rational> lambda =
        sized_vector(member(given, "lambda", "case"), static_cast<Index>(coordinates.size()), "lambda");
    result.norm = lambda.cwiseAbs().sum();
    for (const std::size_t i : rows) {
      Rational asked = 0;
      std::vector<FastInterval> outputs(heads_);
      for (std::size_t k = 0; k < coordinates.size(); ++k) {
        const Rational& weight = lambda(static_cast<Index>(k));
        asked += weight * problem_.examples[i].t(static_cast<Index>(coordinates[k]));
        for (std::size_t h = 0; h < heads_; ++h) outputs[h] += fast(weight) * outputs_[i][h][coordinates[k]];
      }
      result.asked.push_back(fast(asked));
      result.outputs.push_back(std::move(outputs));
    }
    const auto H = static_cast<Index>(heads_);
    for (const Rational& value : sized_vector(member(given, "values", "case"), H, "values"))
      result.values.push_back(fast(value));
    const Json& slopes = member(given, "slopes", "case");
    require(slopes.is_array() && slopes.size() == heads_, "slopes: a row for each value is needed");
    for (const Json& row : slopes) {
      auto& of_value = result.slopes.emplace_back();
      for (const Rational& slope : sized_vector(row, H, "slopes")) of_value.push_back(fast(slope));
    }
    return result;
  }

  /// A row's directions b_k and shares 1 - theta_h of its own keys at the heads, at a point or over a part.
  struct Row {
    std::vector<Jet> b, rest;
  };

  [[nodiscard]] Row row_over(const std::vector<FastInterval>& x, std::size_t example) const {
    Row row;
    row.rest.resize(heads_);
    std::vector<Jet> coordinates, g;
    std::vector<FastInterval> p;
    Jet w = Jet::constant(FastInterval(1), heads_);
    for (std::size_t k = 0; k < heads_; ++k) {
      coordinates.push_back(Jet::coordinate(x[k], k, heads_));
      w = w * coordinates.back();
      const FastInterval& r = ratios_[example][order_[k]];
      p.push_back(FastInterval(1) - r);
      // 1 / ((1 - w) + w r) and r w / ((1 - w) + w r) are monotone in w.
      const auto share = [&](const FastInterval& end) {
        return FastInterval(1) / ((FastInterval(1) - end) + end * r);
      };
      const FastInterval low = w.value.lower_point(), high = w.value.upper_point();
      const FastInterval range = hull(share(low), share(high));
      g.push_back(w.followed_by(range, p[k] * range * range));
      row.rest[order_[k]] =
          w.followed_by(hull(r * low * share(low), r * high * share(high)), r * range * range);
    }
    row.b.push_back(g[0]);
    for (std::size_t k = 1; k < heads_; ++k) {
      Jet factor = FastInterval(-1) * (p[k] * coordinates[k]);
      factor.value += p[k - 1];
      row.b.push_back(factor * g[k - 1] * g[k]);
    }
    return row;
  }

  /// lambda . y - b . v of a row.
  [[nodiscard]] Jet residual(const Row& row, const Case& one, std::size_t i,
                             const std::vector<FastInterval>& from_anchor) const {
    Jet result = Jet::constant(one.asked[i], heads_);
    for (std::size_t h = 0; h < heads_; ++h) result += (-one.outputs[i][h]) * row.rest[h];
    for (std::size_t k = 0; k < heads_; ++k) {
      Jet v = Jet::constant(-one.values[k], heads_);
      for (std::size_t j = 0; j < heads_; ++j)
        v += (-one.slopes[k][j]) * Jet::coordinate(from_anchor[j], j, heads_);
      result += row.b[k] * v;
    }
    return result;
  }

  /// Nothing where every case shows its bound on the part, by mean values; else a coordinate to halve.
  /// Rejects where a case fails at the middle.
  std::optional<std::size_t> undecided_on(const WeightBox& part, const std::vector<Rational>& anchor,
                                          const std::vector<std::size_t>& rows,
                                          const std::vector<Case>& cases) const {
    std::vector<FastInterval> middle, over, away, middle_from, over_from;
    for (std::size_t j = 0; j < heads_; ++j) {
      const Rational centre = middle_of(part[j]);
      middle.push_back(fast(centre));
      over.push_back(hull(fast(part[j].first), fast(part[j].second)));
      away.push_back(hull(fast(part[j].first - centre), fast(part[j].second - centre)));
      middle_from.push_back(fast(centre - anchor[j]));
      over_from.push_back(hull(fast(part[j].first - anchor[j]), fast(part[j].second - anchor[j])));
    }
    std::vector<double> loss(heads_, 0);
    bool is_shown = true;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row at = row_over(middle, rows[i]), on = row_over(over, rows[i]);
      for (const Case& one : cases) {
        const FastInterval wanted = fast(problem_.level * one.norm);
        const auto towards = [&](const FastInterval& x) { return one.signs[i] > 0 ? x : -x; };
        FastInterval value = towards(residual(at, one, i, middle_from).value);
        require(!certainly_less_equal(value, wanted), "tree: a case does not show an error above the level");
        const Jet range = residual(on, one, i, over_from);
        for (std::size_t j = 0; j < heads_; ++j) value += towards(range.slopes[j] * away[j]);
        if (certainly_less(wanted, value)) continue;
        is_shown = false;
        for (std::size_t j = 0; j < heads_; ++j) {
          const FastInterval term = range.slopes[j] * away[j];
          const double width = term.upper() - term.lower();
          loss[j] += std::isfinite(width) ? width : 1e300;
        }
      }
    }
    if (is_shown) return std::nullopt;
    return static_cast<std::size_t>(std::max_element(loss.begin(), loss.end()) - loss.begin());
  }

  const Problem& problem_;
  std::size_t heads_;
  std::vector<std::vector<FastInterval>> ratios_;                ///< S / scale by example and head
  std::vector<std::vector<std::vector<FastInterval>>> outputs_;  ///< by example, head and coordinate
  std::vector<std::size_t> order_;                               ///< of the heads, in the chart under way
  std::size_t boxes_ = 0;
};

/// The maximum error of the prompt at the layer's output, enclosed.
Interval layer_prompt_error(const Problem& problem, const Matrix<Rational>& prompt) {
  std::vector<Vector<Rational>> tokens;
  for (Index j = 0; j < prompt.rows(); ++j) tokens.emplace_back(prompt.row(j));
  std::vector<HeadSums> of_prompt;
  for (const HeadMaps& head : problem.heads) of_prompt.push_back(head_sums(head, problem.query, tokens));
  Interval error;
  for (const Example& example : problem.examples) {
    std::vector<Interval> output;
    for (Index c = 0; c < problem.width; ++c) {
      const auto entry = static_cast<std::size_t>(c);
      Interval sum(problem.query(c));
      for (std::size_t h = 0; h < of_prompt.size(); ++h) {
        const HeadSums &prompted = of_prompt[h], &own = example.heads[h];
        sum += (prompted.weighted[entry] + own.weighted[entry]) / (prompted.S + own.S);
      }
      output.push_back(std::move(sum));
    }
    if (problem.block) output = problem.block->image(output);
    for (Index c = 0; c < problem.width; ++c)
      error = max(error, abs(output[static_cast<std::size_t>(c)] - Interval(example.target(c))));
  }
  return error;
}

}  // namespace

std::string check_layer_evidence(const Problem& problem, const Json& evidence, const std::string& claim) {
  const Json& kind = member(evidence, "kind", "evidence");
  if (claim == "possible") {
    require(kind == "prompt", "evidence: a prompt is needed");
    require(problem.complete, "members: a prompt must fit all examples");
    require(!evidence.contains("least_length"), "least_length: none is known of several heads");
    const Json& tokens = member(evidence, "prompt", "evidence");
    Matrix<Rational> prompt(0, problem.width);
    if (!(tokens.is_array() && tokens.empty())) prompt = matrix_from(tokens, "prompt");
    require(prompt.cols() == problem.width, "prompt: the width does not fit");
    require(certainly_less_equal(layer_prompt_error(problem, prompt), Interval(problem.accuracy)),
            "prompt: its error is not shown to be within the accuracy");
    return "a prompt of " + std::to_string(prompt.rows()) + " tokens has an error of at most " +
           problem.accuracy.str();
  }
  require(kind == "tree", "evidence: of several heads a tree is needed");
  require(problem.expansion.has_value(), "model: the feed-forward block is not shown to be injective");
  const std::size_t boxes = Tree(problem, evidence).check(evidence);
  return "no prompt of any length has an error of at most " + problem.accuracy.str() + ": " +
         std::to_string(boxes) + " boxes cover all weights of prompts";
}

}  // namespace promptbound::checker

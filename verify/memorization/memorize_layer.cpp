#include <algorithm>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/layer_floor.hpp>
#include <promptbound/verify/memorization/memorize_certificate.hpp>
#include <promptbound/verify/memorization/memorize_layer.hpp>
#include <promptbound/verify/memorization/shared_query_prompt.hpp>

namespace promptbound {
namespace {

/// The floor is sought in binary64: sums enclosed at this precision are exact to it.
constexpr long layer_bits = 128;

/// Examples that share a query.
struct LayerGroup {
  Vector<Rational> query;
  std::vector<std::size_t> members;
  std::vector<LayerExample> examples;
};

std::vector<LayerGroup> groups_of(const MemorizationProblem& problem) {
  std::vector<LayerGroup> groups;
  for (std::size_t i = 0; i < problem.data.size(); ++i) {
    const MemorizationExample& example = problem.data[i];
    const Vector<Rational> query = example.tokens.col(example.query);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const LayerGroup& known) { return known.query == query; });
    if (group == groups.end()) group = groups.insert(group, {query, {}, {}});
    LayerExample sums{{}, problem.attention_targets[i]};
    for (const AttentionHead<Rational>& head : problem.model.layers.front().heads) {
      const Vector<Rational> direction = multiply(head.score_matrix(), Matrix<Rational>(query)).col(0);
      sums.heads.push_back(
          attention_sums(head.value_map(), direction, visible_tokens(example, problem.model.mask)));
    }
    group->members.push_back(i);
    group->examples.push_back(std::move(sums));
  }
  return groups;
}

/// Does the empty prompt give every target at the attention output, exactly?
bool empty_fits(const std::vector<LayerGroup>& groups) {
  for (const LayerGroup& group : groups) {
    for (const LayerExample& example : group.examples) {
      for (Index c = 0; c < example.target.size(); ++c) {
        ExponentialQuotient miss(example.target(c));
        for (const AttentionSums& head : example.heads)
          miss -= ExponentialQuotient(head.weighted_values[static_cast<std::size_t>(c)]) /
                  ExponentialQuotient(head.S);
        if (!miss.is_zero()) return false;
      }
    }
  }
  return true;
}

class LayerDecision {
 public:
  LayerDecision(MemorizationProblem& problem, const PromptError& error_of, MemorizationAnswer& answer)
      : problem_(problem),
        error_of_(error_of),
        answer_(answer),
        groups_(groups_of(problem)),
        heads_(static_cast<Index>(problem.model.layers.front().heads.size())) {}

  void decide() {
    if (refute()) return;
    if (problem_.accuracy == 0) {
      if (accept(Matrix<Rational>(problem_.model.width, 0))) return;
      answer_.why = unknown_floor_ + "; equality is not claimed for a rounded prompt";
    } else {
      if (attempt()) return;
      answer_.why = unknown_floor_ + "; no prompt within the accuracy was found";
    }
    if (!problem_.block.injective) answer_.why += "; " + problem_.block.reason;
  }

 private:
  /// The floors of all groups that have one; impossible where one is above the accuracy.
  bool refute() {
    unknown_floor_ = "no H + 1 examples share a query, as theory 2.3H asks for layers of H heads";
    if (!problem_.block.injective) {
      unknown_floor_ = "theory 2.3H concerns the attention output";
      return false;
    }
    const WorkingPrecision scope(layer_bits);
    for (const LayerGroup& group : groups_) {
      if (static_cast<Index>(group.examples.size()) <= heads_) continue;
      if (heads_ > most_floor_heads) {
        unknown_floor_ = "the floor of theory 2.3H is sought for 2 to 4 heads";
        return false;
      }
      unknown_floor_ = "the floor e* of several heads is not shown to be above the accuracy";
      LayerFloorOptions options;
      options.beyond = problem_.level;
      const auto bounds = layer_floor(group.examples, options);
      if (!bounds) continue;
      answer_.spent.boxes = answer_.spent.boxes.value_or(0) + bounds->boxes;
      if (!answer_.floor) answer_.floor = FloorBounds{bounds->lower, bounds->upper};
      answer_.floor = FloorBounds{std::max(answer_.floor->lower, bounds->lower),
                                  std::max(answer_.floor->upper, bounds->upper)};
      answer_.output_floor = problem_.block.expansion * answer_.floor->lower;
      // Every prompt leaves more than the lower end, which a tree stands behind.
      const bool is_above = problem_.level && bounds->tree && bounds->lower >= *problem_.level;
      if (!is_above || answer_.verdict == Verdict::refuted) continue;
      answer_.verdict = Verdict::refuted;
      answer_.evidence = MemorizeEvidence::tree;
      answer_.why = "the floor of several heads is above the accuracy";
      problem_.bits = layer_bits;
      answer_.certificate = certificate_text(problem_, group.members, answer_, tree_evidence(*bounds->tree));
    }
    return answer_.verdict == Verdict::refuted;
  }

  /// The empty prompt, then what descent finds.
  bool attempt() {
    const long bits = bits_for_digits(2 * decimal_digits_of_accuracy() + 40);
    const WorkingPrecision scope(std::max(256L, bits));
    problem_.bits = working_precision();
    if (accept(Matrix<Rational>(problem_.model.width, 0))) return true;
    const auto examples = static_cast<Index>(problem_.data.size());
    for (const Index tokens : {examples, examples + 1, 4 * examples}) {
      DescentOptions options;
      options.tokens = std::min<Index>(tokens, most_sought_tokens);
      options.restarts = 8;
      options.goal = Rational(problem_.accuracy * Rational(255, 256)).convert_to<double>();
      const Matrix<Rational> found = descend(problem_.model, problem_.data, options).prompt;
      const auto decimals = static_cast<unsigned long>(decimal_digits_of_accuracy());
      for (const unsigned long extra : {4UL, 12UL})
        if (accept(rounded(from_rational<Interval>(found), decimals + extra))) return true;
      if (accept(found)) return true;
    }
    return false;
  }

  [[nodiscard]] long decimal_digits_of_accuracy() const {
    return static_cast<long>(decimal_digits(ceil(Rational(1 / problem_.accuracy))));
  }

  bool accept(const Matrix<Rational>& prompt) {
    Interval error(0);
    if (problem_.accuracy == 0) {
      if (prompt.cols() > 0 || !empty_fits(groups_)) return false;
    } else {
      error = error_of_(prompt);
      if (!certainly_less_equal(error, Interval(problem_.accuracy))) return false;
    }
    answer_.verdict = Verdict::proved;
    answer_.evidence = problem_.accuracy == 0 ? MemorizeEvidence::algebra : MemorizeEvidence::prompt;
    answer_.error = error;
    answer_.prompt = prompt;
    answer_.why = prompt.cols() == 0 ? "the empty prompt fits" : "a prompt was found and its error enclosed";
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < problem_.data.size(); ++i) all.push_back(i);
    if (problem_.accuracy > 0)
      answer_.certificate = certificate_text(problem_, all, answer_, prompt_evidence(prompt, std::nullopt));
    return true;
  }

  static constexpr Index most_sought_tokens = 64;

  MemorizationProblem& problem_;
  const PromptError& error_of_;
  MemorizationAnswer& answer_;
  std::vector<LayerGroup> groups_;
  Index heads_;
  std::string unknown_floor_;  ///< why the floor does not refute
};

}  // namespace

void memorize_layer(MemorizationProblem& problem, const PromptError& error_of, MemorizationAnswer& answer) {
  LayerDecision(problem, error_of, answer).decide();
}

}  // namespace promptbound

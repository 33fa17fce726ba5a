#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/prompt_fit.hpp>

namespace promptbound {

Interval output_error(const MemorizationProblem& problem, const MemorizationGroup& group,
                      const Matrix<Rational>& prompt) {
  Interval S;
  Vector<Interval> weighted = Vector<Interval>::Zero(group.query.size());
  const Matrix<Rational> values = multiply(problem.V, prompt);
  for (Index j = 0; j < prompt.cols(); ++j) {
    const Interval weight = exp(Interval(Rational(prompt.col(j).dot(group.direction))));
    S += weight;
    for (Index c = 0; c < values.rows(); ++c) weighted(c) += weight * Interval(values(c, j));
  }
  const auto& ffn = problem.model.layers.front().ffn;
  std::optional<FeedForward<Interval>> block;
  if (ffn) {
    block = {from_rational<Interval>(ffn->W_1), from_rational<Interval>(ffn->b_1),
             from_rational<Interval>(ffn->W_2), from_rational<Interval>(ffn->b_2)};
  }
  Interval error;
  for (std::size_t i = 0; i < group.examples.size(); ++i) {
    const AttentionSums& sums = group.examples[i].sums;
    const Interval total = S + sums.S.enclosure();
    Matrix<Interval> output(weighted.size(), 1);
    for (Index c = 0; c < weighted.size(); ++c) {
      const Interval own = sums.weighted_values[static_cast<std::size_t>(c)].enclosure();
      output(c, 0) = Interval(group.query(c)) + (weighted(c) + own) / total;
    }
    if (block) output = feed_forward_block(*block, output);
    const Vector<Rational>& wanted = problem.data[group.members[i]].target;
    for (Index c = 0; c < wanted.size(); ++c) error = max(error, abs(output(c, 0) - Interval(wanted(c))));
  }
  return error;
}

std::optional<bool> meets_exactly(const MemorizationProblem& problem, const MemorizationGroup& group,
                                  const Matrix<Rational>& prompt) {
  const AttentionSums own = attention_sums(problem.V, group.direction, prompt);
  const auto& ffn = problem.model.layers.front().ffn;
  for (std::size_t i = 0; i < group.examples.size(); ++i) {
    const AttentionSums& sums = group.examples[i].sums;
    ExactVector output;
    for (Index c = 0; c < group.query.size(); ++c) {
      const auto entry = static_cast<std::size_t>(c);
      output.push_back(ExponentialQuotient(group.query(c)) +
                       ExponentialQuotient(own.weighted_values[entry] + sums.weighted_values[entry]) /
                           ExponentialQuotient(own.S + sums.S));
    }
    if (ffn) {
      Matrix<Rational> rational(group.query.size(), 1);
      for (Index c = 0; c < rational.rows(); ++c) {
        const std::optional<Rational> value = output[static_cast<std::size_t>(c)].rational();
        if (!value) return std::nullopt;
        rational(c, 0) = *value;
      }
      rational = feed_forward_block(*ffn, rational);
      output.assign(rational.reshaped().begin(), rational.reshaped().end());
    }
    const Vector<Rational>& wanted = problem.data[group.members[i]].target;
    for (Index c = 0; c < wanted.size(); ++c) {
      const ExponentialQuotient miss = output[static_cast<std::size_t>(c)] - ExponentialQuotient(wanted(c));
      const ExponentialQuotient allowed(problem.accuracy);
      if ((allowed - miss).sign() < 0 || (allowed + miss).sign() < 0) return false;
    }
  }
  return true;
}

bool fits_exactly(const MemorizationProblem& problem, const MemorizationGroup& group,
                  const Matrix<Rational>& prompt) {
  const AttentionSums own = attention_sums(problem.V, group.direction, prompt);
  for (const FloorExample& example : group.examples) {
    for (Index c = 0; c < example.target.size(); ++c) {
      const auto entry = static_cast<std::size_t>(c);
      const ExponentialSum asked = (own.S + example.sums.S) * ExponentialSum(example.target(c));
      if (asked != own.weighted_values[entry] + example.sums.weighted_values[entry]) return false;
    }
  }
  return true;
}

}  // namespace promptbound

#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/prompt_fit.hpp>

namespace promptbound {

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

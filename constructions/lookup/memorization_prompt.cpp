#include <promptbound/constructions/lookup/memorization_prompt.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

constexpr long score_bits = 64;

Rational at_least_zero(const Interval& x) { return std::max(Rational(0), round_score_up(x)); }

Rational square_norm(const Matrix<Rational>& X) {
  Rational sum = 0;
  for (const Rational& x : X.reshaped()) sum += x * x;
  return sum;
}

void check_matrix(const Matrix<Rational>& X, Index d, Index L, const std::string& where) {
  if (X.rows() != d || X.cols() != L || X.size() == 0) {
    throw InputError(where + ": has shape " + std::to_string(X.rows()) + "x" + std::to_string(X.cols()) +
                     " (accepted: that of the first input, not empty)");
  }
  for (const Rational& x : X.reshaped()) {
    if (x < 0 || x > 1)
      throw InputError(where + ": has an entry " + x.str().substr(0, 60) + " (accepted: 0 to 1)");
  }
}

/// Checks the examples and returns the least squared distance of two inputs, n + 1 (more than any) for one
/// example.
Rational checked_square_distance(const std::vector<LookupExample>& examples) {
  if (examples.empty()) throw InputError("examples: none (accepted: at least one)");
  const Index d = examples.front().input.rows();
  const Index L = examples.front().input.cols();
  Rational least = d * L + 1;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::string where = "examples[" + std::to_string(i) + "]";
    check_matrix(examples[i].input, d, L, where + ".input");
    check_matrix(examples[i].target, d, L, where + ".target");
    for (std::size_t j = 0; j < i; ++j) {
      const Rational square = square_norm(examples[i].input - examples[j].input);
      if (square == 0) {
        throw InputError(where + ".input: equals that of examples[" + std::to_string(j) +
                         "] (accepted: distinct inputs)");
      }
      least = std::min(least, square);
    }
  }
  return least;
}

}  // namespace

MemorizationPrompt::MemorizationPrompt(std::vector<LookupExample> examples, const Number& alpha,
                                       const Rational& eps)
    : examples_(std::move(examples)),
      alpha_(alpha),
      eps_(eps),
      square_distance_(checked_square_distance(examples_)),
      scores_(choose_scores()),
      blocks_(examples_.front().input.rows(), examples_.front().input.cols(), scores_.beta, scores_.Lambda_1,
              scores_.Lambda_2) {}

MemorizationPrompt::Scores MemorizationPrompt::choose_scores() const {
  if (eps_ <= 0) throw InputError("eps: " + eps_.str() + " (accepted: eps > 0)");
  const WorkingPrecision scope(score_bits);
  const auto N = static_cast<long>(examples_.size());
  const Index L = examples_.front().input.cols();
  const Index n = examples_.front().input.size();
  const Interval largest_error = Interval(2) * norm_factor(n, alpha_) / Interval(eps_);
  Scores scores;
  // L > 1: h <= s/4 leaves half of s^2 as the gap between the scores of the nearest and any other key.
  const Rational gap = L == 1 ? square_distance_ : Rational(square_distance_ / 2);
  if (N > 1) scores.beta = at_least_zero(log(largest_error * Interval(N - 1)) / Interval(gap));
  if (L > 1) {
    const Interval quarter = sqrt(Interval(square_distance_)) / Interval(4);
    const Interval wanted_q1 = min(Interval(1), quarter / sqrt(Interval(static_cast<long>(n))));
    scores.Lambda_1 = at_least_zero(log(Interval(Rational(N, L)) / wanted_q1));
  }
  scores.Lambda_2 = at_least_zero(log(largest_error * Interval(static_cast<long>(L))));
  return scores;
}

Matrix<Rational> MemorizationPrompt::prompt() const {
  Matrix<Rational> result(blocks_.width(), static_cast<Index>(examples_.size()));
  for (Index j = 0; j < result.cols(); ++j) {
    const LookupExample& example = examples_[static_cast<std::size_t>(j)];
    result.col(j) =
        blocks_.prompt_token(example.input.reshaped(), square_norm(example.input), example.target.reshaped());
  }
  return result;
}

Interval MemorizationPrompt::guarantee() const {
  const auto N = static_cast<long>(examples_.size());
  const Index L = examples_.front().input.cols();
  const Index n = examples_.front().input.size();
  const Interval s = sqrt(Interval(square_distance_));
  const Interval q1 = Interval(Rational(N, L)) * exp(-Interval(scores_.Lambda_1));
  const Interval h = L == 1 ? Interval(0) : q1 * sqrt(Interval(static_cast<long>(n)));
  const Interval gap = Interval(square_distance_) - Interval(2) * s * h;
  const Interval others = Interval(N - 1) * exp(-Interval(scores_.beta) * gap);
  const Interval inputs = Interval(static_cast<long>(L)) * exp(-Interval(scores_.Lambda_2));
  return norm_factor(n, alpha_) * (others + inputs);
}

}  // namespace promptbound

#include <algorithm>

#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/memorization_problem.hpp>
#include <promptbound/verify/memorization/prompt_error.hpp>

namespace promptbound {
namespace {

void raise_to(Interval& error, const Vector<Interval>& output, const Vector<Rational>& target) {
  for (Index c = 0; c < output.size(); ++c) error = max(error, abs(output(c) - Interval(target(c))));
}

/// The sums of theory 2.2 over the prompt's tokens, enclosed.
struct EnclosedSums {
  Interval S;
  Vector<Interval> weighted;

  EnclosedSums(const Matrix<Rational>& values, const Vector<Rational>& direction,
               const Matrix<Rational>& prompt)
      : weighted(Vector<Interval>::Zero(values.rows())) {
    for (Index j = 0; j < prompt.cols(); ++j) {
      const Interval weight = exp(Interval(Rational(prompt.col(j).dot(direction))));
      S += weight;
      for (Index c = 0; c < values.rows(); ++c) weighted(c) += weight * Interval(values(c, j));
    }
  }
};

}  // namespace

PromptError::PromptError(const Transformer<Rational>& model, const MemorizationData& data)
    : model_(model), data_(data) {
  if (model.layers.size() != 1 || model.layers.front().heads.size() != 1) return;
  const AttentionHead<Rational>& head = model.layers.front().heads.front();
  const Matrix<Rational> A = head.score_matrix();
  V_ = head.value_map();
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Matrix<Rational> query = data[i].tokens.col(data[i].query);
    Vector<Rational> direction = multiply(A, query).col(0);
    auto shared = std::find_if(queries_.begin(), queries_.end(),
                               [&](const SharedQuery& known) { return known.direction == direction; });
    if (shared == queries_.end()) shared = queries_.insert(shared, {direction, {}});
    shared->examples.push_back(i);
    sums_.push_back(attention_sums(V_, direction, visible_tokens(data[i], model.mask)));
  }
}

Interval PromptError::of_one_head(const Matrix<Rational>& prompt) const {
  const auto& ffn = model_.layers.front().ffn;
  std::optional<FeedForward<Interval>> block;
  if (ffn) block = from_rational<Interval>(model_).layers.front().ffn;
  const Matrix<Rational> values = multiply(V_, prompt);
  Interval error;
  for (const SharedQuery& shared : queries_) {
    const EnclosedSums of_prompt(values, shared.direction, prompt);
    for (const std::size_t i : shared.examples) {
      const MemorizationExample& example = data_[i];
      const Interval total = of_prompt.S + sums_[i].S.enclosure();
      Matrix<Interval> output(V_.rows(), 1);
      for (Index c = 0; c < output.rows(); ++c) {
        const Interval own = sums_[i].weighted_values[static_cast<std::size_t>(c)].enclosure();
        output(c, 0) = Interval(example.tokens(c, example.query)) + (of_prompt.weighted(c) + own) / total;
      }
      if (block) output = feed_forward_block(*block, output);
      raise_to(error, output.col(0), example.target);
    }
  }
  return error;
}

Interval PromptError::operator()(const Matrix<Rational>& prompt) const {
  if (!queries_.empty()) return of_one_head(prompt);
  const Transformer<Interval> enclosed = from_rational<Interval>(model_);
  Interval error(0);
  for (const MemorizationExample& example : data_) {
    const Matrix<Interval> output =
        evaluate(enclosed, from_rational<Interval>(prompt), from_rational<Interval>(example.tokens));
    raise_to(error, output.col(example.query), example.target);
  }
  return error;
}

}  // namespace promptbound

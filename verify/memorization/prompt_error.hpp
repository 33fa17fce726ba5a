/// The error that prompts leave on memorization data.
#pragma once

#include <promptbound/numeric/interval.hpp>
#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>
#include <promptbound/verify/memorization/shared_query.hpp>

namespace promptbound {

/// Encloses the errors of prompts for one model and its data, which must outlive this.
///
/// For one layer of one head the exponentials of exact scores are summed up, S a = V sum_j e^{s_j} z_j
/// (theory 2.2), and divided once: a mean that is rational because scores are 0 or cancel is exact, where
/// softmax weights such as 1/3 are not. An error that equals an accuracy can then be seen to be no larger.
/// Example: PromptError(model, data)(prompt).
class PromptError {
 public:
  /// Returns Any layers and heads; at least one example.
  PromptError(const Transformer<Rational>& model, const MemorizationData& data);

  /// Returns the maximum error over examples and coordinates at the model's output, at the working precision.
  /// The prompt's tokens are columns, and may be none.
  [[nodiscard]] Interval operator()(const Matrix<Rational>& prompt) const;

 private:
  /// Examples that share a query x, with direction = A x.
  struct SharedQuery {
    Vector<Rational> direction;
    std::vector<std::size_t> examples;
  };

  [[nodiscard]] Interval of_one_head(const Matrix<Rational>& prompt) const;

  const Transformer<Rational>& model_;
  const MemorizationData& data_;
  /// The queries of one layer of one head; empty otherwise.
  std::vector<SharedQuery> queries_;
  Matrix<Rational> V_;
  std::vector<AttentionSums> sums_;  ///< of each example's own tokens
};

}  // namespace promptbound

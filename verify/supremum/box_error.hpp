/// What a model with a prompt misses of a target function, as linear forms over boxes of inputs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <promptbound/constructions/targets.hpp>
#include <promptbound/numeric/linear_form.hpp>
#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// The error ||T([P, X])- f(X)||_alpha for X in [0,1]^{d x L}. Token i of the input is column i of `tokens`,
/// plus x_i in its first d rows; the output is read at the first d rows of the input positions.
struct ApproximationProblem {
  Transformer<Rational> model;
  Matrix<Rational> prompt;  ///< width x m
  Matrix<Rational> tokens;  ///< width x L
  Target target;
  Number alpha;

  /// Throws InputError when widths and counts do not fit.
  void check() const;
};

/// A box of inputs with exact binary64 centres and radii; coordinate (c, i) has number i d + c.
struct Box {
  std::vector<double> centre, radius;
};

/// The keys of prompt tokens that matter in a box, for every head and query: the others have together at most
/// the share `dropped` of the softmax there, and in every part of the box.
struct KeySelection {
  struct Query {
    std::vector<std::uint32_t> keys;
    double dropped = 0;
  };
  std::vector<Query> queries;
};

/// The error at every output over boxes, in the scalar S (FastInterval or Interval).
template <class S>
class BoxError {
 public:
  /// Computes the prompt's keys and values once, where the model lets no input change them.
  explicit BoxError(const ApproximationProblem& problem);
  ~BoxError();
  BoxError(BoxError&&) noexcept;

  /// Returns all keys, for any box.
  [[nodiscard]] const KeySelection& all_keys() const;

  /// Returns d x L forms that enclose T([P, X]) - f(X) for the X of the box; thread-safe. The keys must have
  /// been selected for a box that contains this one; `refined` receives a selection for this one.
  [[nodiscard]] Matrix<LinearForm<S>> operator()(const Box& box, const KeySelection& keys,
                                                 KeySelection* refined = nullptr) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace promptbound

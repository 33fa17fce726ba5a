/// The problem that memorize decides, at the attention output (theory 2.2 to 2.4).
#pragma once

#include <optional>
#include <string>

#include <promptbound/transformer/feed_forward_inverse.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>
#include <promptbound/verify/memorization/memorization_floor.hpp>

namespace promptbound {

struct MemorizationProblem {
  Transformer<Rational> model;
  MemorizationData data;
  Rational accuracy;
  Matrix<Rational> A, V;  ///< of the only head; empty where there are several
  BlockInjectivity block;
  /// The accuracy at the attention output that the accuracy at the layer's output implies; nothing where no
  /// such bound is known.
  std::optional<Rational> level;
  Rational stretch;  ///< the block's Lipschitz constant in the max norm
  std::vector<Vector<Rational>> attention_targets;
  long bits = 0;  ///< the working precision that sufficed
};

/// Examples that share a query.
struct MemorizationGroup {
  std::vector<std::size_t> members;
  Vector<Rational> query, direction;
  std::vector<Matrix<Rational>> tokens;  ///< visible to the query
  std::vector<FloorExample> examples;
};

/// vector^T V = 0 keeps |vector^T t| / ||vector||_1 as an error of this example of the group.
struct OffImage {
  std::size_t example;
  Vector<Rational> vector;
};

/// Returns the problem of a model of one layer with heads. The targets are pulled back to the attention
/// output; `failure` says why where that fails, and stays empty otherwise.
[[nodiscard]] MemorizationProblem memorization_problem(const Transformer<Rational>& model,
                                                       const MemorizationData& data, const Rational& accuracy,
                                                       std::string& failure);

/// Returns the tokens that the example's query attends to.
[[nodiscard]] Matrix<Rational> visible_tokens(const MemorizationExample& example, Mask mask);

/// Returns the examples by their query token, for one head.
[[nodiscard]] std::vector<MemorizationGroup> memorization_groups(const MemorizationProblem& problem);

/// Bounds from below the largest distance of a target from the image of V, in the max norm: no prompt, the
/// empty one included, has outputs off that image.
[[nodiscard]] Rational image_distance(const MemorizationGroup& group, const Matrix<Rational>& V);

/// Tells whether the point half-way between the least and the largest target, coordinate by coordinate, is in
/// the image of V. Then prompts of growing S_P have that output in the limit (theory 2.2: rho grows with S_P,
/// and lengths with rho), so that the infimum of their errors is at most half the largest distance of two
/// targets.
[[nodiscard]] bool middle_is_approached(const MemorizationGroup& group, const Matrix<Rational>& V);

/// Returns a target that stays further than the level from the image of V, where there is one.
[[nodiscard]] std::optional<OffImage> off_image(const MemorizationGroup& group, const Matrix<Rational>& V,
                                                const Rational& level);

}  // namespace promptbound

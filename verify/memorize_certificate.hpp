/// What `memorize` found, as certificate data: exact numbers only, recomputed by the checker.
#pragma once

#include <promptbound/transformer/feed_forward_inverse.hpp>
#include <promptbound/verify/length_bound.hpp>
#include <promptbound/verify/memorize.hpp>

namespace promptbound {

/// The problem at the attention output.
struct MemorizationProblem {
  Transformer<Rational> model;
  MemorizationData data;
  Rational accuracy;
  Matrix<Rational> A, V;
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

/// Where the empty prompt misses.
struct EmptyMiss {
  std::size_t example;
  Index coordinate;
};

/// Why prompts cannot be shorter: not empty, and by a certificate for more than one token.
struct LengthEvidence {
  std::optional<LengthCertificate> certificate;
  Vector<Rational> y;
  EmptyMiss empty;
};

/// The evidence of the kinds of verdict, as JSON texts.
[[nodiscard]] std::string rows_evidence(const FloorCertificate& certificate);
[[nodiscard]] std::string image_evidence(const OffImage& away);
[[nodiscard]] std::string lengths_evidence(const LengthCertificate& certificate, const Vector<Rational>& y,
                                           const EmptyMiss& empty);
[[nodiscard]] std::string prompt_evidence(const Matrix<Rational>& prompt,
                                          const std::optional<LengthEvidence>& lengths);

/// The sealed certificate of the answer's verdict.
[[nodiscard]] std::string certificate_text(const MemorizationProblem& problem, const MemorizationGroup& group,
                                           const MemorizationAnswer& answer, const std::string& evidence);

}  // namespace promptbound

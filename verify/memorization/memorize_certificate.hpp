/// What `memorize` found, as certificate data: exact numbers only, recomputed by the checker.
#pragma once

#include <promptbound/verify/memorization/layer_floor.hpp>
#include <promptbound/verify/memorization/length_bound.hpp>
#include <promptbound/verify/memorization/memorization_problem.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

namespace promptbound {

/// An example and coordinate that the empty prompt misses.
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

/// Writes the evidence of the kinds of verdict, as JSON texts.
[[nodiscard]] std::string rows_evidence(const FloorCertificate& certificate);
[[nodiscard]] std::string tree_evidence(const FloorTree& tree);
[[nodiscard]] std::string image_evidence(const OffImage& away);
[[nodiscard]] std::string lengths_evidence(const LengthCertificate& certificate, const Vector<Rational>& y,
                                           const EmptyMiss& empty);
[[nodiscard]] std::string prompt_evidence(const Matrix<Rational>& prompt,
                                          const std::optional<LengthEvidence>& lengths);

/// Returns the sealed certificate of the answer's verdict, about the examples that are members.
[[nodiscard]] std::string certificate_text(const MemorizationProblem& problem,
                                           const std::vector<std::size_t>& members,
                                           const MemorizationAnswer& answer, const std::string& evidence);

}  // namespace promptbound

/// How well a prompt fits the examples of one layer of one head that share a query: enclosed, and by algebra
/// where no enclosure decides.
#pragma once

#include <optional>

#include <promptbound/verify/memorization/memorization_problem.hpp>

namespace promptbound {

/// Decides whether the maximum error at the layer's output is at most the accuracy, where enclosures overlap
/// the accuracy since both may be equal. Nothing where a feed-forward block meets numbers that are not
/// rational. Throws Undecided at the limit of the precision.
[[nodiscard]] std::optional<bool> meets_exactly(const MemorizationProblem& problem,
                                                const MemorizationGroup& group,
                                                const Matrix<Rational>& prompt);

/// Decides whether the error at the attention output is exactly 0, by collecting the residuals t - V z of
/// keys of equal score (theory 2.2, "Deciding").
[[nodiscard]] bool fits_exactly(const MemorizationProblem& problem, const MemorizationGroup& group,
                                const Matrix<Rational>& prompt);

}  // namespace promptbound

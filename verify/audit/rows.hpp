/// The rows of an audit: what each theorem says of a model, and of an adapter.
#pragma once

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/verify/audit/audit.hpp>

namespace promptbound {

/// Digits of the bounds that rows quote: the enclosures that enter have no more.
constexpr long row_digits = 12;

/// Returns a row without an answer yet.
[[nodiscard]] TheoremRow theorem_row(std::string_view theory, std::string_view what);
/// Returns an upper end as an argument of a bound; nothing when it is infinite.
[[nodiscard]] std::optional<Argument> finite_argument(const FastInterval& upper);
/// Returns the record of a bound that is not applicable: what it needs, and why that is not so.
[[nodiscard]] Record not_computed(std::string_view id, const std::string& needed, const std::string& why);
/// Returns B/sqrt(ln T) (4.1).
[[nodiscard]] Interval threshold_ratio(const Audit& audit, const FastInterval& B);

/// Returns 2.5 for prompts of this length: a Lipschitz constant, whose logarithm is bounded from above, and a
/// radius. Not applicable where one of them is 0 or infinite.
[[nodiscard]] Record memory_linear(const Audit& audit, const AuditQuestion& question,
                                   const Interval& log_lipschitz, const FastInterval& radius);
/// Returns what proves 2.5 with the constant of that item, which is on paper: Coq's theorem is about the
/// constant that it is given.
[[nodiscard]] ProofStatus memory_proof(std::string_view item);

/// Adds the rows about the model itself, from its weights (3.1, 3.2, 4.1).
void add_model_rows(Audit& audit);
/// Adds the rows about the adapter (2.2 to 2.7, 5.5). prompt: d x m, or d x 0 with one of another kind.
void add_adapter_rows(Audit& audit, const AuditQuestion& question, const Matrix<double>& prompt);

}  // namespace promptbound

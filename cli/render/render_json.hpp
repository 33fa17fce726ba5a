/// JSON of records and numbers, as documented in docs/json.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include <promptbound/cli/render/table.hpp>
#include <promptbound/records/record.hpp>

namespace promptbound {

/// The version of every JSON document that the command writes.
inline constexpr int json_schema = 1;

/// Writes {"lower", "upper", "exact"}: strings; exact is null when the number is only enclosed, and an end
/// that is infinite. Magnitudes and integers of more than 15 digits add "log10", power towers "log10_log10".
/// A text answer is {"text"}.
[[nodiscard]] nlohmann::ordered_json quantity_json(const Quantity& quantity, long digits);

/// Writes {"lower", "upper"} of an enclosure, or of bounds from both sides: strings, outward rounded; an end
/// that is infinite or not known is null.
[[nodiscard]] nlohmann::ordered_json ends_json(const Interval& x, long digits);
[[nodiscard]] nlohmann::ordered_json ends_json(const Rational& lower, const std::optional<Rational>& upper,
                                               long digits);

/// Writes the answer of a check: {"schema", "verdict", "why"}, the members of its own, then {"proof",
/// "proofs", "assumptions", "spent"}. `verdict` is this question's word for it, such as `possible`.
[[nodiscard]] nlohmann::ordered_json answer_json(const Answer& answer, std::string_view verdict,
                                                 const nlohmann::ordered_json& members);

/// Returns the text of a document.
[[nodiscard]] std::string document(const nlohmann::ordered_json& json);

/// Writes [{"name", "value", "default"}]
[[nodiscard]] nlohmann::ordered_json parameters_json(const std::vector<ShownParameter>& parameters);

/// Writes [{"text", "status"}]
[[nodiscard]] nlohmann::ordered_json assumptions_json(const std::vector<Assumption>& assumptions);

/// Writes [{"outputs", "kind", "theory", "theorems", "note", "related"}] of what proofs_of gives.
[[nodiscard]] nlohmann::ordered_json proofs_json(const std::vector<ProofStatus>& proofs);

/// Adds "proof", one text (`no claim` where nothing is claimed), and "proofs", proofs_json.
void add_proof(nlohmann::ordered_json& answer, const std::vector<ProofStatus>& proofs);

/// Writes {"schema", "id", "kind", "theory", "source", "proof", "proofs", "applicable", "reason", "inputs",
/// "defaults", "outputs", "assumptions"}
[[nodiscard]] nlohmann::ordered_json record_json(const Record& record, long digits);

}  // namespace promptbound

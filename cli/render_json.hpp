/// JSON of records and numbers, as documented in docs/json.md.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <promptbound/numeric/record.hpp>

namespace promptbound {

/// The version of every JSON document that the command writes.
inline constexpr int json_schema = 1;

/// {"lower", "upper", "exact"}: strings; exact is null when the number is only enclosed. Magnitudes add
/// "log10". A text answer is {"text"}.
[[nodiscard]] nlohmann::ordered_json quantity_json(const Quantity& quantity, long digits);

/// {"schema", "id", "kind", "theory", "source", "proof", "applicable", "reason", "inputs", "outputs",
/// "assumptions"}
[[nodiscard]] nlohmann::ordered_json record_json(const Record& record, long digits);

}  // namespace promptbound

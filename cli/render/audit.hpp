/// What `promptbound audit` prints, in every format.
#pragma once

#include <promptbound/cli/render/table.hpp>
#include <promptbound/verify/audit/audit.hpp>

namespace promptbound {

[[nodiscard]] std::vector<Figure> audit_figures(const Audit& audit);

/// Says what a layer of the model is, piece by piece: what a token sees, where norms stand, how positions
/// enter.
[[nodiscard]] std::vector<std::string> traits(const ModelConfig& config);

/// Says in a few sentences what the audit means for someone who uses the prompt.
[[nodiscard]] std::vector<std::string> audit_words(const Audit& audit);

/// Writes tables, and figures where the format has a place for them.
void write_audit(const Audit& audit, const AuditQuestion& question, TableWriter& writer);
[[nodiscard]] std::string audit_json(const Audit& audit, const AuditQuestion& question, long digits);

}  // namespace promptbound

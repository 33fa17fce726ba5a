/// Audits that were interrupted and go on.
#pragma once

#include <string>

#include <promptbound/verify/audit/audit.hpp>

namespace promptbound {

/// Goes on from the file where it is there, and has the norms of every layer written to it as they are
/// computed. Throws InputError where the file cannot be written, is damaged, or is of another model or
/// version.
void use_audit_checkpoint(const std::string& path, bool quiet, AuditQuestion& question);

}  // namespace promptbound

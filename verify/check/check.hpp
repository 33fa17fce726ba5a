/// The independent checker: recomputes what a certificate claims from the certificate alone. It shares no
/// code with what produces certificates beyond numbers and the reading of JSON.
#pragma once

#include <string_view>

#include <promptbound/verify/check/report.hpp>

namespace promptbound {

/// Checks a certificate of any kind. Throws InputError only where the text is no JSON object with a known
/// kind; a certificate that fails is rejected in the report. `where` names it in messages.
[[nodiscard]] CheckReport check_certificate(std::string_view text, const std::string& where);

/// The checkers of one kind each. They never throw for a bad certificate: it is rejected with the reason.
[[nodiscard]] CheckReport check_memorization(const Json& certificate);
[[nodiscard]] CheckReport check_injectivity(const Json& certificate);
[[nodiscard]] CheckReport check_supremum(const Json& certificate);

/// The report for a reader, one answer a line.
[[nodiscard]] std::string report_text(const CheckReport& report);

}  // namespace promptbound

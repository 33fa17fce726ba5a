/// Checks a certificate of any kind.
#pragma once

#include <string_view>

#include <promptbound/verify/certificate.hpp>

namespace promptbound {

/// Throws InputError only where the text is no JSON object with a known kind; a certificate that fails is
/// rejected in the report. `where` names it in messages.
[[nodiscard]] CheckReport check_certificate(std::string_view text, const std::string& where);

/// The report for a reader, one answer a line.
[[nodiscard]] std::string report_text(const CheckReport& report);

}  // namespace promptbound

/// The independent checker: recomputes what a certificate claims from the certificate alone. It shares number
/// types, the reading of JSON and the shape of an answer with what produces certificates, and no other code.
#pragma once

#include <string_view>
#include <vector>

#include <promptbound/verify/check/inputs.hpp>
#include <promptbound/verify/check/report.hpp>

namespace promptbound {

/// Checks a certificate of any kind, and that the given files are the inputs that it is about. Throws
/// InputError only where the text is no JSON object with a known kind; a certificate that fails is rejected
/// in the report. `where` names it in messages. Where the time is up the report says so and the work goes on
/// in a thread of its own: the caller then prints the report and ends the process with std::_Exit.
/// @code
/// #include <promptbound/models/text_file.hpp>
/// const CheckReport report = check_certificate(read_text_file("proof.json"), "proof.json");
/// std::puts(report_text(report).c_str());
/// @endcode
[[nodiscard]] CheckReport check_certificate(std::string_view text, const std::string& where,
                                            const CheckLimits& limits = {},
                                            const std::vector<GivenInput>& inputs = {});

/// Checks a certificate of one kind. Never throws for a bad certificate: it is rejected with the reason.
[[nodiscard]] CheckReport check_memorization(const Json& certificate);
[[nodiscard]] CheckReport check_injectivity(const Json& certificate);
[[nodiscard]] CheckReport check_supremum(const Json& certificate);

/// Names the verdict: `accepted`, `rejected`, or `unknown` where a limit ended the check.
[[nodiscard]] const char* verdict_name(const CheckReport& report);

/// Returns what proves the verdict on a certificate.
[[nodiscard]] Proofs check_proof();

/// Returns the report for a reader, one answer a line.
[[nodiscard]] std::string report_text(const CheckReport& report);

}  // namespace promptbound

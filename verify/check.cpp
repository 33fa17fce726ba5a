#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/check.hpp>
#include <promptbound/verify/check_memorize.hpp>
#include <promptbound/verify/injectivity_certificate.hpp>
#include <promptbound/verify/supremum_certificate.hpp>

namespace promptbound {

CheckReport check_certificate(std::string_view text, const std::string& where) {
  const Json certificate = parse_json(text, where);
  const Json& kind = member(certificate, "kind", where);
  if (kind == "memorization") return check_memorization(certificate);
  if (kind == "injectivity") return check_injectivity(certificate);
  if (kind == "supremum") return check_supremum(certificate);
  throw InputError(where + ".kind: accepted are memorization, injectivity and supremum");
}

std::string report_text(const CheckReport& report) {
  std::string text = report.accepted ? "accepted\n" : "rejected: " + report.reason + "\n";
  text += "object: " + report.object + "\nformat: " + report.format + "\n";
  if (report.accepted) {
    text += "recomputed: " + report.statement + "\n";
  }
  return text + "lifted by: " + report.theorem + "\ntrusted: " + report.trusted + "\n";
}

}  // namespace promptbound

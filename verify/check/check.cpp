#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/check/check.hpp>

namespace promptbound {
namespace {

using Checker = void (*)(const Json&, CheckReport&);

CheckReport run(Checker checker, const Json& certificate, const std::string& kind, const char* theorem,
                const char* trusted) {
  CheckReport report;
  report.format = "promptbound certificate, JSON with exact numbers, schema 1, kind " + kind;
  report.theorem = theorem;
  report.trusted = trusted;
  try {
    checker(certificate, report);
    report.accepted = true;
  } catch (const std::exception& error) {
    report.reason = error.what();
  }
  return report;
}

}  // namespace

CheckReport check_memorization(const Json& certificate) {
  return run(
      checker::check_memorization, certificate, "memorization",
      "theory 2.2 and 2.3: concatenated softmax, the shared query, the floor by two rows",
      "GMP, MPFR and MPFI arithmetic, the JSON reader, this checker, and the written proof of the theorem");
}

CheckReport check_injectivity(const Json& certificate) {
  return run(checker::check_injectivity, certificate, "injectivity", "theory 3.1 and 3.2",
             "this checker, its JSON reader, GMP rationals, and the proofs of theory 3.1 and 3.2");
}

CheckReport check_supremum(const Json& certificate) {
  return run(checker::check_supremum, certificate, "supremum",
             "none is needed: an input is exhibited, or the whole cube is covered by boxes",
             "this checker, its JSON reader, GMP, MPFR and MPFI, and binary64 intervals with their exp");
}

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

/// Certificates of memorization that the checker accepts, and why it rejects others.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

namespace promptbound {

/// Returns the certificate of the verdict, which the checker accepts.
inline Json certificate_of(const Transformer<Rational>& model, const MemorizationData& data,
                           const Rational& accuracy, Verdict verdict) {
  const MemorizationAnswer answer = memorize(model, data, accuracy);
  CAPTURE(answer.why);
  REQUIRE(answer.verdict == verdict);
  Json certificate = parse_json(answer.certificate, "certificate");
  const CheckReport report = check_memorization(certificate);
  CHECK(report.why == "");
  REQUIRE(report.accepted());
  CHECK_FALSE(report.statement.empty());
  return certificate;
}

/// Seals the certificate, which the checker rejects, and returns the reason that it gives.
inline std::string rejection(Json certificate) {
  seal(certificate);
  const CheckReport report = check_memorization(certificate);
  CHECK_FALSE(report.accepted());
  return report.why;
}

}  // namespace promptbound

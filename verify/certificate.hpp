/// Certificates: JSON with exact numbers, sealed by a digest, and what a checker answers.
#pragma once

#include <string>

#include <promptbound/models/exact_json.hpp>

namespace promptbound {

/// The answers that a reader of a check needs.
struct CheckReport {
  bool accepted = false;
  std::string reason;     ///< why not, when rejected
  std::string object;     ///< which object the certificate is about
  std::string format;     ///< which file format
  std::string statement;  ///< what was recomputed
  std::string theorem;    ///< which theorem lifts it to the claim
  std::string trusted;    ///< what remains trusted
};

/// Adds the member "sha256": the digest of the certificate's text without it. It catches damage and editing,
/// not forgery: what a certificate claims is recomputed.
void seal(Json& certificate);

/// Does the seal fit the content?
[[nodiscard]] bool is_sealed(const Json& certificate);

}  // namespace promptbound

/// What a checker answers, and what all checkers ask of a certificate. Shares the reading of exact JSON and
/// the hash with the producers, and not the writing of certificates.
#pragma once

#include <stdexcept>
#include <string>

#include <promptbound/models/exact_json.hpp>

namespace promptbound {

/// The answers that a reader of a check needs.
struct CheckReport {
  bool accepted = false;
  /// A limit on the work ended the check: the certificate is neither accepted nor rejected.
  bool stopped = false;
  std::string reason;     ///< why not, when rejected or stopped
  std::string object;     ///< which object the certificate is about
  std::string format;     ///< which file format
  std::string statement;  ///< what was recomputed
  std::string inputs;     ///< which files it names, and whether they were compared
  std::string theorem;    ///< which theorem lifts it to the claim
  std::string trusted;    ///< what remains trusted
};

namespace checker {

/// A limit on the work was met before anything was decided; the text names the limit.
class LimitReached : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws InputError with the reason for which a certificate is rejected.
[[noreturn]] void reject(const std::string& reason);
void require(bool holds, const char* what);

/// Checks the seal (member "sha256", the digest of the text without it), schema 1 and kind. The seal catches
/// damage and editing, not forgery: what a certificate claims is recomputed.
void check_envelope(const Json& certificate, const char* kind);

/// Returns the working precision that the certificate asks for: rejected below 64 bits, LimitReached above
/// the most that the reader admits.
[[nodiscard]] long precision_of(const Json& certificate, long most_bits);

// One checker for each kind: throws InputError with the reason to reject, otherwise fills the report.
void check_memorization(const Json& certificate, long most_bits, CheckReport& report);
void check_injectivity(const Json& certificate, long most_bits, CheckReport& report);
void check_supremum(const Json& certificate, long most_bits, CheckReport& report);

}  // namespace checker
}  // namespace promptbound

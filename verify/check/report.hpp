/// What a checker answers, and what all checkers ask of a certificate. Shares the reading of exact JSON, the
/// hash and the shape of an answer with the producers, and not the writing of certificates.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/records/answer.hpp>

namespace promptbound {

/// What a check may cost. Nothing bounds the size of a certificate: one of a million boxes is a proof too.
struct CheckLimits {
  long bits = 16384;            ///< of working precision, at most
  std::optional<long> seconds;  ///< until there is an answer, at most; absent: as long as it takes
  int threads = 1;              ///< that bound the boxes of a supremum's certificate, >= 1
};

/// Proved where the certificate is accepted, refuted where it is rejected (`why` says for what), and unknown
/// where a limit on the work ended the check first.
struct CheckReport : Answer {
  std::string object;     ///< which object the certificate is about
  std::string format;     ///< which file format
  std::string statement;  ///< what was recomputed
  std::string inputs;     ///< which files it names, and whether they were compared
  std::string theorem;    ///< which theorem lifts it to the claim
  std::string trusted;    ///< what remains trusted

  [[nodiscard]] bool accepted() const { return verdict == Verdict::proved; }
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
void check_memorization(const Json& certificate, const CheckLimits& limits, CheckReport& report);
void check_injectivity(const Json& certificate, const CheckLimits& limits, CheckReport& report);
void check_prefix(const Json& certificate, const CheckLimits& limits, CheckReport& report);
void check_supremum(const Json& certificate, const CheckLimits& limits, CheckReport& report);

}  // namespace checker
}  // namespace promptbound

/// The sentences of a Coq certificate, and whether they can assume anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace promptbound {

/// What a certificate file holds.
struct CertificateContent {
  std::vector<std::string> theorems;  ///< `NAME : statement`, blanks collapsed
  std::string refused;                ///< why the file is no certificate; empty when it is one
};

/// Reads the sentences of the file. A certificate consists of imports of the libraries, of theorems, and of
/// tactics (which begin with a small letter): no other command, so no axiom, no admitted proof, no option
/// that switches a check off, no notation that changes what a statement says, no effect outside the file.
[[nodiscard]] CertificateContent read_sentences(std::string_view text);

}  // namespace promptbound

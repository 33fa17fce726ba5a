/// The forms of an answer, as lists of what is proved show them.
#pragma once

#include <string>
#include <vector>

#include <promptbound/records/proof_status.hpp>

namespace promptbound {

/// A form of an answer, in words, and what proves its parts.
struct ProvedForm {
  std::string when;
  std::vector<ProofStatus> proof;
};

}  // namespace promptbound

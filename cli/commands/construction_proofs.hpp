/// What proves the claims of the constructions.
#pragma once

#include <promptbound/records/proof_status.hpp>

namespace promptbound {

/// Says what proves the construction of that id, by the outputs of its claim. An id without an entry:
/// nothing is proved.
[[nodiscard]] std::vector<ProofStatus> construction_proof(std::string_view id);

}  // namespace promptbound

/// How each bound's theorem is established.
#pragma once

#include <string_view>

#include <promptbound/numeric/record.hpp>

namespace promptbound {

/// `proved in Coq: NAME` where proofs/theorems.txt lists a theorem for the id, `transcribed, not proved here`
/// for published formulas, `proof on paper` otherwise.
[[nodiscard]] std::string_view proof_status(std::string_view id, Kind kind);

}  // namespace promptbound

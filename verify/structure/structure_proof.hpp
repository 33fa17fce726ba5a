/// What proves the answers about the structure of a model (theory 3.1 and 3.2).
#pragma once

#include <promptbound/records/proved_form.hpp>
#include <promptbound/transformer/attention.hpp>

namespace promptbound {

/// Returns what proves `lipschitz` and the layers' `R`, `c`, `g`, `R_out` (3.1); `verdict`, `separation`,
/// `output_distance` and the layers' `ratio` (3.2); `preimage`.
[[nodiscard]] Proofs structure_proof(Mask mask, bool has_diameter);

/// Returns the forms of the constants (of the injectivity), for `list`.
[[nodiscard]] std::vector<ProvedForm> lipschitz_forms();
[[nodiscard]] std::vector<ProvedForm> injectivity_forms();

}  // namespace promptbound

/// The largest error of the network of theory 5.9 over the whole cube: its outputs are mixtures of the values
/// that its prompt holds, so that it is enough to compare each with the target on its own cell, enlarged.
#pragma once

#include <promptbound/constructions/lookup/packed_recognition.hpp>
#include <promptbound/verify/supremum/supremum.hpp>

namespace promptbound {

/// Returns what proves a proved or open answer about the network of theory 5.9; what refutes is
/// supremum_proof().
[[nodiscard]] Proofs packed_supremum_proof();

/// Encloses the supremum, as enclose_supremum does, for a problem whose model and prompt are those
/// recognised. Unknown where the noise of attention is not shown to leave every digit exact. Upper bounds:
/// the stored value against the target on every enlarged cell, halved where that is needed. Lower bound: at
/// the centre of a cell the output is its value. Refuted only where the network itself is evaluated at such a
/// centre, with an error above eps.
[[nodiscard]] SupremumAnswer enclose_packed_supremum(const ApproximationProblem& problem,
                                                     const SupremumOptions& options,
                                                     const RecognisedPacked& packed);

}  // namespace promptbound

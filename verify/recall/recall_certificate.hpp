/// Certificates of recall: what is claimed of each token, and the hashes of the files that it is claimed of.
#pragma once

#include <promptbound/models/exact_json.hpp>
#include <promptbound/verify/recall/recall.hpp>

namespace promptbound {

/// Tells whether every token is decided over the real numbers: then there is something to certify.
[[nodiscard]] bool is_decided(const Recall& recall);

/// Returns the certificate of an answer: over the real numbers, of the prompts as they are stored or rounded;
/// of binary32 and of radii it says nothing. Throws InputError where a position is undecided, so that there
/// is nothing to certify.
[[nodiscard]] Json recall_certificate(const RecallQuestion& question, const Recall& recall);

}  // namespace promptbound

/// Coq certificates of theory 2.7, which memory-bits and accessible-length share.
#pragma once

#include <promptbound/coq/log_ratio_proof.hpp>

namespace promptbound {

/// Adds count = floor(m w b/log2 choices), as a theorem of that name and meaning.
void certify_bits_count(const Integer& m, const Integer& w, const Integer& b, const Integer& choices,
                        const Integer& count, std::string_view name, std::string_view meaning,
                        CoqCertificate& certificate);

/// Adds m = ceil(count log2 choices/(w b)), as the theorem `m`.
void certify_bits_length(const Integer& w, const Integer& b, const Integer& count, const Integer& choices,
                         const Integer& m, std::string_view meaning, CoqCertificate& certificate);

}  // namespace promptbound

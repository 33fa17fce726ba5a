/// Coq certificates of theory 2.7, which memory-bits and accessible-length share.
#pragma once

#include <promptbound/bounds/bound.hpp>
#include <promptbound/bounds/coq_log_ratio.hpp>

namespace promptbound {

/// count = floor(m w b/log2 choices), as a theorem of that name and meaning; m, w and b from the arguments.
void certify_bits_count(const Arguments& arguments, const Integer& choices, const Integer& count,
                        std::string_view name, std::string_view meaning, CoqCertificate& certificate);

/// m = ceil(count log2 choices/(w b)), as the theorem `m`; w and b from the arguments.
void certify_bits_length(const Arguments& arguments, const Integer& count, const Integer& choices,
                         const Integer& m, std::string_view meaning, CoqCertificate& certificate);

}  // namespace promptbound

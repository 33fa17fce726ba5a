/// The checker of memorization certificates. It shares no code with what produces them beyond numbers and the
/// reading of JSON: everything is recomputed from the certificate alone.
#pragma once

#include <promptbound/verify/certificate.hpp>

namespace promptbound {

/// Never throws for a bad certificate: it is rejected with the reason.
[[nodiscard]] CheckReport check_memorization(const Json& certificate);

}  // namespace promptbound

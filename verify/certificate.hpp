/// The seal of certificates.
#pragma once

#include <promptbound/models/exact_json.hpp>

namespace promptbound {

/// Adds the member "sha256": the digest of the certificate's text without it. It catches damage and editing,
/// not forgery: what a certificate claims is recomputed by its checker.
void seal(Json& certificate);

}  // namespace promptbound

/// The seal of certificates, and the files that they name.
#pragma once

#include <map>
#include <string>

#include <promptbound/models/exact_json.hpp>

namespace promptbound {

/// Adds the member "sha256": the digest of the certificate's text without it. It catches damage and editing,
/// not forgery: what a certificate claims is recomputed by its checker.
void seal(Json& certificate);
/// Tells whether it is an object of that kind whose seal is that of its content.
[[nodiscard]] bool is_sealed(const Json& json, const char* kind);

/// Adds "inputs", the SHA-256 of the bytes of the files that the certificate was made from, and seals it
/// anew. The files are named by role: "model", "data", "table".
void name_inputs(Json& certificate, const std::map<std::string, std::string>& files);

}  // namespace promptbound

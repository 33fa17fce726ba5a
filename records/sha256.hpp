/// SHA-256 (FIPS 180-4): certificates name their content and their input files by it.
#pragma once

#include <string>
#include <string_view>

namespace promptbound {

/// Returns the digest of the bytes as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256(std::string_view bytes);

}  // namespace promptbound

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include <promptbound/records/sha256.hpp>

namespace promptbound {

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 ||
      size != digest.size()) {
    throw std::runtime_error("libcrypto gives no SHA-256");
  }
  std::string text;
  for (const unsigned byte : digest) {
    text.push_back("0123456789abcdef"[byte >> 4U]);
    text.push_back("0123456789abcdef"[byte & 15U]);
  }
  return text;
}

}  // namespace promptbound

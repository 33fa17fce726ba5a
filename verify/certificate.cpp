#include <nlohmann/json.hpp>

#include <promptbound/numeric/sha256.hpp>
#include <promptbound/verify/certificate.hpp>

namespace promptbound {

// Members of an object are ordered by name, so the text of a certificate is determined by its content.
void seal(Json& certificate) {
  certificate.erase("sha256");
  certificate["sha256"] = sha256(certificate.dump());
}

}  // namespace promptbound

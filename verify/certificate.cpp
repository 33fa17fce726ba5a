#include <nlohmann/json.hpp>

#include <promptbound/models/text_file.hpp>
#include <promptbound/records/sha256.hpp>
#include <promptbound/verify/certificate.hpp>

namespace promptbound {

// Members of an object are ordered by name, so the text of a certificate is determined by its content.
void seal(Json& certificate) {
  certificate.erase("sha256");
  certificate["sha256"] = sha256(certificate.dump());
}

bool is_sealed(const Json& json, const char* kind) {
  if (!json.is_object() || json.value("kind", Json()) != kind) return false;
  Json again = json;
  seal(again);
  return again == json;
}

void name_inputs(Json& certificate, const std::map<std::string, std::string>& files) {
  certificate["inputs"] = Json::object();
  for (const auto& [role, path] : files) certificate["inputs"][role] = sha256(read_text_file(path));
  seal(certificate);
}

}  // namespace promptbound

#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/records/sha256.hpp>
#include <promptbound/verify/check/report.hpp>

namespace promptbound::checker {
namespace {

bool is_text(const Json& value, std::string_view text) {
  return value.is_string() && value.get_ref<const std::string&>() == text;
}

}  // namespace

void reject(const std::string& reason) { throw InputError(reason); }

void require(bool holds, const char* what) {
  if (!holds) reject(what);
}

void check_envelope(const Json& certificate, const char* kind) {
  require(certificate.is_object() && certificate.contains("sha256"), "certificate: no seal");
  // Members of an object are ordered by name, so its text is determined by its content.
  Json content = certificate;
  content.erase("sha256");
  require(is_text(certificate["sha256"], sha256(content.dump())),
          "certificate: the seal does not fit the content");
  require(integer_from(member(certificate, "schema", "certificate"), "schema") == 1, "schema: 1 is needed");
  require(is_text(member(certificate, "kind", "certificate"), kind), "kind: not that of this checker");
}

long precision_of(const Json& certificate, long most_bits) {
  const Integer bits = integer_from(member(certificate, "bits", "certificate"), "bits");
  require(bits >= 64, "bits: a precision of at least 64 is needed");
  if (bits > most_bits) {
    throw LimitReached("bits: the certificate asks for a precision of " + bits.str().substr(0, 30) +
                       " bits, above the limit of " + std::to_string(most_bits) + " (--bits N admits more)");
  }
  return bits.convert_to<long>();
}

}  // namespace promptbound::checker

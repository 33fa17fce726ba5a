/// Changes of certificates, one at a time.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/report.hpp>

namespace promptbound {

/// Changes every leaf of the document in turn: numbers move, texts are spoilt, nothing becomes something;
/// each change is undone.
template <class Visit>
void mutate(Json& document, Json& node, const Visit& visit) {
  if (node.is_object() || node.is_array()) {
    for (auto& child : node) mutate(document, child, visit);
    return;
  }
  const Json original = node;
  if (node.is_number_integer()) {
    node = node.get<std::int64_t>() + 1;
  } else if (node.is_boolean()) {
    node = !node.get<bool>();
  } else if (node.is_null()) {
    node = "7";
  } else {
    node = original.get<std::string>() + "7";
  }
  visit();
  node = original;
}

/// Calls `visit` with every pointer to a member or entry below.
inline void every_place(const Json& value, const Json::json_pointer& place,
                        const std::function<void(const Json::json_pointer&)>& visit) {
  if (!place.empty()) visit(place);
  if (value.is_object()) {
    for (const auto& [name, inner] : value.items()) every_place(inner, place / name, visit);
  } else if (value.is_array()) {
    for (std::size_t k = 0; k < value.size(); ++k) every_place(value[k], place / k, visit);
  }
}

/// Something else in its place: numbers move, texts are spoilt, all else becomes something or nothing.
inline Json altered(const Json& value) {
  if (value.is_string()) return value.get<std::string>() + "1";
  if (value.is_number()) return value.get<std::int64_t>() + 1;
  if (value.is_boolean()) return !value.get<bool>();
  return value.is_null() ? Json(0) : Json();
}

/// Changes the certificate and seals it again; the checker must reject it and name the reason.
template <class Checker, class Change>
void check_forgery(const Checker& checker, const Json& certificate, const Change& change,
                   const std::string& reason) {
  Json forged = certificate;
  change(forged);
  seal(forged);
  const CheckReport answer = checker(forged);
  CHECK_FALSE(answer.accepted());
  CHECK_MESSAGE(answer.why.find(reason) != std::string::npos, answer.why);
}

}  // namespace promptbound

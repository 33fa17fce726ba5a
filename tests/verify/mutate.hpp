/// Changes of certificates, one at a time.
#pragma once

#include <doctest/doctest.h>

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

/// Answers of attention that are certified.
#pragma once

#include <doctest/doctest.h>

#include <utility>
#include <variant>

#include <promptbound/attention/choice/automatic.hpp>

namespace promptbound {

/// Returns the answer to the request, which is not refused.
inline AttentionAnswer answer_of(const auto& arrays, const AttentionRequest& request) {
  auto outcome = attend(arrays, request);
  REQUIRE(std::holds_alternative<AttentionAnswer>(outcome));
  return std::get<AttentionAnswer>(std::move(outcome));
}

}  // namespace promptbound

/// Data to memorize (design, file formats):
/// {"schema":1,"examples":[{"tokens":[[..],..],"query":1,"target":[..]}]}, tokens as rows, `query` the
/// 0-based index of the token whose output is asked for, `target` that output.
#pragma once

#include <vector>

#include <promptbound/models/exact_json.hpp>

namespace promptbound {

struct MemorizationExample {
  Matrix<Rational> tokens;  ///< as columns
  Index query = 0;
  Vector<Rational> target;
};

using MemorizationData = std::vector<MemorizationExample>;

/// Throws InputError naming `where` and the example that is malformed or does not fit the width.
[[nodiscard]] MemorizationData memorization_data_from(const Json& data, Index width,
                                                      const std::string& where);

[[nodiscard]] Json to_json(const MemorizationData& data);

}  // namespace promptbound

/// What a construction asserts, as plain data for verifiers, renderers and tests.
#pragma once

#include <string>
#include <vector>

#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/quantity.hpp>

namespace promptbound {

struct NamedNumber {
  std::string name;
  Number value;
};

struct NamedQuantity {
  std::string name;
  Quantity value;
};

/// The claim of one construction: with these parameters its network has these sizes and meets this statement.
struct Claim {
  std::string id;         ///< of the construction, such as `universal-transformer`
  std::string theory;     ///< item of theory.md, such as `5.1`
  std::string statement;  ///< one sentence, in the symbols of theory.md
  std::vector<NamedNumber> parameters;
  std::vector<NamedQuantity> promises;  ///< sizes and error bounds, by the name used in the statement
};

}  // namespace promptbound

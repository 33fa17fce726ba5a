/// Everything that is known at one point: every bound that can be evaluated there, and the bracket that they
/// make.
#pragma once

#include <promptbound/bounds/bracket.hpp>
#include <promptbound/bounds/catalogue.hpp>

namespace promptbound {

struct Overview {
  Arguments arguments;
  Bracket bracket;
  std::optional<BracketInBits> bits;  ///< the bracket's ends, where there are two
  std::vector<Record> records;
};

/// Returns the bounds that these arguments suffice for. A bound all of whose parameters are optional still
/// needs one of its own to say anything, and is left out.
[[nodiscard]] std::vector<const Bound*> evaluable(const Arguments& arguments);

/// Evaluates them to `digits` significant digits, and the bracket.
[[nodiscard]] Overview overview(const Arguments& arguments, long digits);

}  // namespace promptbound

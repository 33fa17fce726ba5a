/// Everything that is known at one point: every bound that can be evaluated there, and the brackets that they
/// make.
#pragma once

#include <promptbound/bounds/bracket.hpp>
#include <promptbound/bounds/catalogue.hpp>

namespace promptbound {

/// Returns packed-memory among the records, null where it was not evaluated.
[[nodiscard]] const Record* packed_memory_among(const std::vector<Record>& records);

struct Overview {
  Arguments arguments;
  std::optional<Bracket> bracket;     ///< for functions, where d, L and eps are given
  std::optional<BracketInBits> bits;  ///< the bracket's ends, where there are two
  std::optional<Bracket> memory;      ///< for memory, where N is given
  std::optional<BracketInBits> memory_bits;
  std::vector<Record> records;
};

/// Throws InputError unless there is a bracket at these arguments: d, L and eps are given, or N, or all.
void require_bracket(const Arguments& arguments);

/// Returns the bounds that these arguments suffice for. A bound all of whose parameters are optional still
/// needs one of its own to say anything, and is left out.
[[nodiscard]] std::vector<const Bound*> evaluable(const Arguments& arguments);

/// Evaluates them to `digits` significant digits, and the brackets. Throws InputError as require_bracket
/// does.
[[nodiscard]] Overview overview(const Arguments& arguments, long digits);

}  // namespace promptbound

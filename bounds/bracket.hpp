/// The bracket of theory 1.4: necessary <= least prompt length <= sufficient, in the supremum norm.
#pragma once

#include <optional>

#include <promptbound/bounds/bound.hpp>

namespace promptbound {

/// One end of the bracket.
struct BracketEnd {
  Record record;
  Integer tokens;
};

struct Bracket {
  std::optional<BracketEnd> necessary;   ///< the best lower bound at the token width given
  std::optional<BracketEnd> sufficient;  ///< the least upper bound
};

/// The bracket, from the records of the bounds at these arguments. Both ends speak of prompt entries of the
/// same number of bits. Ends beyond longest_exact_integer digits are left out.
[[nodiscard]] Bracket bracket(const Arguments& arguments, const std::vector<Record>& records, long digits);

/// The best lower bound for tokens as wide as those of the upper bound.
[[nodiscard]] std::optional<BracketEnd> necessary_at_equal_width(const Arguments& arguments,
                                                                 const BracketEnd& sufficient, long digits);

}  // namespace promptbound

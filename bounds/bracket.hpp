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
  std::optional<BracketEnd>
      necessary_same_width;  ///< the best lower bound at the width that the upper bound uses
};

/// The bracket for the arguments given. Both ends speak of prompt entries of the same number of bits. Ends
/// beyond longest_exact_integer digits are left out.
[[nodiscard]] Bracket bracket(const Arguments& arguments, long digits);

}  // namespace promptbound

/// The bracket in words.
#pragma once

#include <string>
#include <vector>

#include <promptbound/bounds/bracket.hpp>

namespace promptbound {

/// The bracket, what each end assumes, the factor between the ends, and how the published formula compares.
[[nodiscard]] std::vector<std::string> describe_gap(const Bracket& bracket,
                                                    const std::optional<BracketEnd>& necessary_at_equal_width,
                                                    const std::vector<Record>& records);

}  // namespace promptbound

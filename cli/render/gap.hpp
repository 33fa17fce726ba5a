/// The brackets in words.
#pragma once

#include <string>
#include <vector>

#include <promptbound/bounds/overview.hpp>

namespace promptbound {

/// Describes first the bracket for functions, where there is one, at one token width; then what each end
/// assumes, the factor between the ends, what is known of other models, and how the published formula
/// compares; then the bracket for memory, where there is one, likewise. The first line is a bracket, the
/// second empty.
[[nodiscard]] std::vector<std::string> describe_gap(const Overview& point);

/// Says why there is none: `entropy-bits (theory 1.2) does not apply: REASON`
[[nodiscard]] std::string why_none(const Record& record);

/// Writes a whole number for a sentence that it bounds from below (above): in full up to 24 digits, else a
/// power of ten whose exponent is rounded down (up).
[[nodiscard]] std::string at_least(const Quantity& tokens);
[[nodiscard]] std::string at_most(const Quantity& tokens);

}  // namespace promptbound

/// A checker's own rounding of prompts to fewer bits.
#pragma once

#include <string>
#include <vector>

namespace promptbound::checker {

/// Rounds to f16, bf16, f8e4m3 or int8, to nearest and ties to even; rejects other names, and what is beyond
/// the largest number of f16 and bf16.
void round_entries(const std::string& format, std::vector<double>& entries);

}  // namespace promptbound::checker

/// How much of the repeated work of a test is done.
#pragma once

#include <cstdlib>
#include <string_view>

/// Returns `full`, or a tenth of it where the environment variable PROMPTBOUND_TESTS is `quick`: for loops over
/// random problems, whose first ones show most of what all of them show.
inline long repetitions(long full) {
  const char* const effort = std::getenv("PROMPTBOUND_TESTS");
  return effort != nullptr && std::string_view(effort) == "quick" ? (full + 9) / 10 : full;
}

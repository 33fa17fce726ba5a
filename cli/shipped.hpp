/// Files that come with the program.
#pragma once

#include <filesystem>

namespace promptbound {

/// Finds a shipped file or folder, such as "proofs", from where the program is: in share/promptbound of the
/// installed tree, or in the build folder. Neither path is absolute, so that the installed tree can be moved.
/// Where it is in neither, the installed place is given.
[[nodiscard]] std::filesystem::path shipped(const char* name);

}  // namespace promptbound

/// Which files this process has read, so that no output takes the place of one of them.
#pragma once

#include <string>

namespace promptbound {

/// Notes the file behind a name, by device and inode. Devices and pipes hold nothing that could be lost, and
/// are not noted. Every reader of input files calls this.
void note_input(const std::string& path);

/// Tells whether the file behind this name has been noted, under whatever name (links of both kinds
/// included).
[[nodiscard]] bool is_input(const std::string& path);

}  // namespace promptbound

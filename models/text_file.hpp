/// Reading input files whole.
#pragma once

#include <string>

namespace promptbound {

/// The bytes of a file of at most 1 GiB. Throws InputError naming the file when it cannot be read.
[[nodiscard]] std::string read_text_file(const std::string& path);

}  // namespace promptbound

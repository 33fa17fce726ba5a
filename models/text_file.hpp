/// Input files read whole, and their text in messages.
#pragma once

#include <string>
#include <string_view>

namespace promptbound {

/// Returns the bytes of a file of at most 1 GiB. Throws InputError naming the file when it cannot be read.
[[nodiscard]] std::string read_text_file(const std::string& path);

/// Makes foreign text fit for a message: on one line of ASCII, other characters being '?', cut after `most`
/// characters.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most);

}  // namespace promptbound

/// What stands in a folder, or in a file, instead of what is looked for there: for messages.
#pragma once

#include <string>
#include <string_view>

namespace promptbound {

/// Throws InputError when the content is a git-lfs pointer, which stands for a file that was not fetched.
void refuse_pointer(std::string_view content, const std::string& path);

/// Throws InputError unless the folder is there and holds the file `config`. The message says that hub ids
/// are not downloaded, or names the folder inside (checkpoint-500, snapshots/HASH) that holds it.
void require_folder(const std::string& folder, const char* config);

/// Throws InputError: the folder holds no `wanted`, and what else it holds that looks like weights: pickles,
/// variants, shards without their index.
[[noreturn]] void refuse_weights(const std::string& folder, const std::string& wanted);

}  // namespace promptbound

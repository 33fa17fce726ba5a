/// The files from which a model or a prompt is read, named by their bytes.
#pragma once

#include <string>

#include <promptbound/models/exact_json.hpp>

namespace promptbound {

/// Returns the SHA-256 of each file of a folder from which something is read: its configuration, and its
/// weights in one file, or the shards of an index and the index itself. Throws InputError naming a file that
/// cannot be read.
[[nodiscard]] Json file_hashes(const std::string& folder, const std::string& config,
                               const std::string& weights);

}  // namespace promptbound

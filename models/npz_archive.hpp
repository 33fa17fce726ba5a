/// The ZIP container of .npz files.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace promptbound {

struct ArchiveMember {
  std::string name;
  std::shared_ptr<const std::vector<std::byte>> bytes;  ///< uncompressed
};

/// Returns the members of an archive, in the order of its directory; stored or deflated, not encrypted.
/// Throws InputError naming `where`: for anything malformed, for a wrong length or checksum, for two members
/// of one name, and for overlapping members.
[[nodiscard]] std::vector<ArchiveMember> archive_members(std::span<const std::byte> archive,
                                                         const std::string& where);

}  // namespace promptbound

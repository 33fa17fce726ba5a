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
  std::span<const std::byte> bytes;   ///< uncompressed
  std::shared_ptr<const void> owner;  ///< of inflated bytes; null: they lie in the archive
};

/// The members of an archive, in the order of its directory; stored or deflated, not encrypted, not ZIP64.
/// Throws InputError naming `where`: for anything malformed, for a wrong length or checksum, and for
/// overlapping members.
[[nodiscard]] std::vector<ArchiveMember> archive_members(std::span<const std::byte> archive,
                                                         const std::string& where);

}  // namespace promptbound

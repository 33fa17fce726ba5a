/// The ZIP container of .npz files and of files of torch.save.
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

/// What a container is meant to be: its name in messages, and whether members may be deflated.
struct ArchiveKind {
  const char* name = ".npz file";
  bool may_deflate = true;
};

/// Returns the members of an archive, in the order of its directory; stored or deflated, not encrypted.
/// Throws InputError naming `where`: for anything malformed, for a wrong length or checksum, for two members
/// of one name, and for overlapping members.
[[nodiscard]] std::vector<ArchiveMember> archive_members(std::span<const std::byte> archive,
                                                         const std::string& where, ArchiveKind kind = {});

}  // namespace promptbound

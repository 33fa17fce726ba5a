/// Files read through the page cache: a 10 GB file costs address space, not memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace promptbound {

/// A whole file mapped read-only. The file must not be shortened while it is mapped.
class MappedFile {
 public:
  /// Throws InputError naming the file when it cannot be read or is no regular file.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

/// Gives the memory of bytes of a mapped file back, without forgetting them: they are read again, from the
/// page cache or the disk, when they are asked for again. Only whole pages inside the bytes are given back.
/// The bytes must be a part of a MappedFile.
void give_back(std::span<const std::byte> bytes);

}  // namespace promptbound

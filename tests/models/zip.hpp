/// Zip archives, written independently of the library that reads them, and as nobody honest writes them.
#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <optional>
#include <vector>

#include "models/files.hpp"

/// Numbers of 2, 4 and 8 bytes, the least significant first.
inline std::string u16(std::uint64_t number) { return little_endian(number, 2); }
inline std::string u32(std::uint64_t number) { return little_endian(number, 4); }
inline std::string u64(std::uint64_t number) { return little_endian(number, 8); }

/// The text as a raw stream of deflate.
inline std::string deflate_raw(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string result(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

/// A member of an archive, and what its headers say of it where that is not true.
struct ZipMember {
  std::string name, content;
  bool deflated = false;
  bool wide = false;  ///< the local header states its sizes in 64 bits, as numpy's does
  std::optional<std::size_t> size = {};
  std::optional<std::uint64_t> checksum = {};
  std::optional<std::uint64_t> method = {};
  std::uint64_t flags = 0;
};

/// The bytes of the member as the archive holds them.
inline std::string packed(const ZipMember& member) {
  return member.deflated ? deflate_raw(member.content) : member.content;
}

/// Flags, method, time, checksum: what both headers begin with.
inline std::string zip_common_start(const ZipMember& member) {
  const auto* bytes = reinterpret_cast<const Bytef*>(member.content.data());
  const auto checksum = crc32(0, bytes, static_cast<uInt>(member.content.size()));
  return u16(member.wide ? 45 : 20) + u16(member.flags) +
         u16(member.method.value_or(member.deflated ? 8 : 0)) + u32(0) +
         u32(member.checksum.value_or(checksum));
}

/// The local header and the data.
inline std::string zip_record(const ZipMember& member) {
  const std::string data = packed(member);
  const std::size_t size = member.size.value_or(member.content.size());
  const std::string extra = member.wide ? u16(1) + u16(16) + u64(size) + u64(data.size()) : "";
  const std::string sizes = member.wide ? u32(0xffffffff) + u32(0xffffffff) : u32(data.size()) + u32(size);
  return "PK\x03\x04" + zip_common_start(member) + sizes + u16(member.name.size()) + u16(extra.size()) +
         member.name + extra + data;
}

/// The entry of the central directory for a member whose record begins at the offset.
inline std::string zip_directory_entry(const ZipMember& member, std::size_t offset) {
  return "PK\x01\x02" + u16(20) + zip_common_start(member) + u32(packed(member).size()) +
         u32(member.size.value_or(member.content.size())) + u16(member.name.size()) + u16(0) + u16(0) +
         u32(0) + u32(0) + u32(offset) + member.name;
}

/// Records, the central directory, and an end that states so many members.
inline std::string zip_of_parts(const std::string& records, const std::string& directory, std::size_t count) {
  return records + directory + "PK\x05\x06" + u32(0) + u16(count) + u16(count) + u32(directory.size()) +
         u32(records.size()) + u16(0);
}

/// An archive of the members.
inline std::string zip(const std::vector<ZipMember>& members) {
  std::string records, directory;
  for (const ZipMember& member : members) {
    directory += zip_directory_entry(member, records.size());
    records += zip_record(member);
  }
  return zip_of_parts(records, directory, members.size());
}

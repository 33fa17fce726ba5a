#include <zlib.h>

#include <cstdint>
#include <cstring>

#include <promptbound/models/npz_archive.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using Bytes = std::span<const std::byte>;

/// Sequential little-endian reads; past the end is an InputError.
class Reader {
 public:
  Reader(Bytes bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  template <class Number>
  Number read() {
    Number number;
    std::memcpy(&number, take(sizeof number).data(), sizeof number);
    return number;
  }
  Bytes take(std::size_t count) {
    if (count > bytes_.size()) throw InputError(where_ + ": the archive is cut off");
    const Bytes result = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return result;
  }

 private:
  Bytes bytes_;
  const std::string& where_;
};

/// One entry of the central directory.
struct Entry {
  std::uint16_t flags, method;
  std::uint32_t checksum, compressed_size, size, local_header;
  std::string name;
};

constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint32_t entry_signature = 0x02014b50;
constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::size_t end_record_size = 22;
constexpr std::uint16_t encrypted_flag = 1;
constexpr std::uint16_t stored = 0, deflated = 8;
// Deflate cannot expand by more: 258 bytes from 2 bits.
constexpr std::uint64_t largest_expansion = 1032;

/// The directory's end record is the last one that the file's last bytes can hold: its comment ends the file.
std::size_t end_record(Bytes archive, const std::string& where) {
  constexpr std::size_t longest_comment = 65535;
  for (std::size_t comment = 0; comment <= longest_comment && comment + end_record_size <= archive.size();
       ++comment) {
    const std::size_t place = archive.size() - end_record_size - comment;
    Reader reader(archive.subspan(place), where);
    if (reader.read<std::uint32_t>() != end_signature) continue;
    reader.take(end_record_size - 6);
    if (reader.read<std::uint16_t>() == comment) return place;
  }
  throw InputError(where + ": not a .npz file");
}

Entry read_entry(Reader& reader, const std::string& where) {
  if (reader.read<std::uint32_t>() != entry_signature) throw InputError(where + ": the directory is damaged");
  reader.take(4);  // versions
  Entry entry{};
  entry.flags = reader.read<std::uint16_t>();
  entry.method = reader.read<std::uint16_t>();
  reader.take(4);  // time and date
  entry.checksum = reader.read<std::uint32_t>();
  entry.compressed_size = reader.read<std::uint32_t>();
  entry.size = reader.read<std::uint32_t>();
  const auto name_size = reader.read<std::uint16_t>();
  const auto extra_size = reader.read<std::uint16_t>();
  const auto comment_size = reader.read<std::uint16_t>();
  reader.take(8);  // disk and attributes
  entry.local_header = reader.read<std::uint32_t>();
  const Bytes name = reader.take(name_size);
  entry.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
  reader.take(std::size_t{extra_size} + comment_size);
  return entry;
}

std::shared_ptr<std::vector<std::byte>> inflated(Bytes compressed, std::size_t size,
                                                 const std::string& where) {
  if (size > largest_expansion * (compressed.size() + 1)) {
    throw InputError(where + ": claims to expand beyond what deflate can");
  }
  auto result = std::make_shared<std::vector<std::byte>>(size);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(result->data());
  stream.avail_out = static_cast<uInt>(size);
  const int outcome = inflate(&stream, Z_FINISH);
  const bool is_whole = outcome == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!is_whole) throw InputError(where + ": the compressed data are damaged");
  return result;
}

}  // namespace

std::vector<ArchiveMember> archive_members(Bytes archive, const std::string& where) {
  const std::size_t end = end_record(archive, where);
  Reader record(archive.subspan(end + 4), where);
  const auto disk = record.read<std::uint32_t>();
  const auto entries_here = record.read<std::uint16_t>();
  const auto entries = record.read<std::uint16_t>();
  const auto directory_size = record.read<std::uint32_t>();
  const auto directory = record.read<std::uint32_t>();
  if (disk != 0 || entries != entries_here || entries == 0xffff || directory == 0xffffffff) {
    throw InputError(where + ": an archive in parts or of ZIP64 (accepted: one file of at most 4 GiB)");
  }
  if (std::uint64_t{directory} + directory_size != end)
    throw InputError(where + ": the directory is damaged");

  std::vector<ArchiveMember> members;
  Reader reader(archive.subspan(directory, directory_size), where);
  std::uint64_t total = 0;
  for (unsigned i = 0; i < entries; ++i) {
    const Entry entry = read_entry(reader, where);
    const std::string place = where + ": " + entry.name.substr(0, 60);
    if ((entry.flags & encrypted_flag) != 0 || (entry.method != stored && entry.method != deflated)) {
      throw InputError(place + ": encrypted or compressed in another way than deflate");
    }
    if (entry.local_header >= directory) throw InputError(place + ": begins beyond the data");
    Reader local(archive.subspan(entry.local_header, directory - entry.local_header), place);
    if (local.read<std::uint32_t>() != local_signature) throw InputError(place + ": has no header");
    local.take(22);  // what the directory says too
    const auto name_size = local.read<std::uint16_t>();
    const auto extra_size = local.read<std::uint16_t>();
    local.take(std::size_t{name_size} + extra_size);
    const Bytes content = local.take(entry.compressed_size);
    // Members that share bytes could expand a short archive without end.
    total += content.size();
    if (total > directory) throw InputError(place + ": overlaps another array");

    ArchiveMember member{entry.name, content, nullptr};
    if (entry.method == deflated) {
      auto bytes = inflated(content, entry.size, place);
      member.bytes = *bytes;
      member.owner = std::move(bytes);
    }
    if (member.bytes.size() != entry.size) throw InputError(place + ": has another length than it says");
    const auto* start = reinterpret_cast<const Bytef*>(member.bytes.data());
    if (crc32_z(0, start, member.bytes.size()) != entry.checksum) {
      throw InputError(place + ": the checksum is wrong");
    }
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace promptbound

#include <zip.h>

#include <cstdint>

#include <promptbound/models/npz_archive.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using Bytes = std::span<const std::byte>;
using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using File = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

// Deflate cannot expand by more: 258 bytes from 2 bits.
constexpr std::uint64_t largest_expansion = 1032;

/// Opens the archive and compares its directory with the headers of its members.
Archive opened(Bytes bytes, const std::string& where, const ArchiveKind& kind) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) throw std::bad_alloc();
  Archive archive(zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error), &zip_discard);
  const std::string why =
      zip_error_code_zip(&error) == ZIP_ER_EXISTS ? "two arrays of one name" : zip_error_strerror(&error);
  zip_error_fini(&error);
  if (archive == nullptr) {
    zip_source_free(source);
    throw InputError(where + ": not a " + kind.name + ": " + why);
  }
  return archive;
}

/// What the directory says of a member. Throws InputError for what cannot be true, before memory is taken.
zip_stat_t description(zip_t* archive, zip_uint64_t index, const std::string& where,
                       const ArchiveKind& kind) {
  constexpr zip_uint64_t needed =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  zip_stat_t stat;
  if (zip_stat_index(archive, index, ZIP_FL_ENC_RAW, &stat) != 0 || (stat.valid & needed) != needed) {
    throw InputError(where + ": the directory is damaged");
  }
  const bool is_deflated = stat.comp_method == ZIP_CM_DEFLATE;
  if (stat.encryption_method != ZIP_EM_NONE || (!is_deflated && stat.comp_method != ZIP_CM_STORE)) {
    throw InputError(where + ": encrypted or compressed in another way than deflate");
  }
  if (is_deflated && !kind.may_deflate) {
    throw InputError(where + ": compressed, and a " + kind.name + " is not");
  }
  if (is_deflated ? stat.size / largest_expansion > stat.comp_size : stat.size != stat.comp_size) {
    throw InputError(where + ": claims to expand beyond what deflate can");
  }
  return stat;
}

/// The bytes of a member, of the length and with the checksum that the directory states.
std::vector<std::byte> content(zip_t* archive, zip_uint64_t index, std::uint64_t size,
                               const std::string& where) {
  const File file(zip_fopen_index(archive, index, 0), &zip_fclose);
  if (file == nullptr) throw InputError(where + ": " + zip_error_strerror(zip_get_error(archive)));
  std::vector<std::byte> bytes(size);
  zip_uint64_t done = 0;
  zip_int64_t count = 1;
  while (count > 0 && done < size) {
    count = zip_fread(file.get(), bytes.data() + done, size - done);
    if (count > 0) done += static_cast<zip_uint64_t>(count);
  }
  // The checksum is compared where the member ends: beyond its last byte.
  std::byte beyond{};
  if (count >= 0) count = zip_fread(file.get(), &beyond, 1);
  if (count < 0) throw InputError(where + ": " + zip_error_strerror(zip_file_get_error(file.get())));
  if (count > 0 || done != size) throw InputError(where + ": has another length than it says");
  return bytes;
}

}  // namespace

std::vector<ArchiveMember> archive_members(Bytes bytes, const std::string& where, ArchiveKind kind) {
  const Archive archive = opened(bytes, where, kind);
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
  if (count == 0) throw InputError(where + ": not a " + kind.name + ": no array is in it");
  std::vector<ArchiveMember> members;
  std::uint64_t total = 0;
  for (zip_uint64_t index = 0; index < count; ++index) {
    const char* const name = zip_get_name(archive.get(), index, ZIP_FL_ENC_RAW);
    if (name == nullptr) throw InputError(where + ": the directory is damaged");
    const std::string place = where + ": " + printable(name, 60);
    const zip_stat_t stat = description(archive.get(), index, place, kind);
    // Members that share bytes could expand a short archive without end.
    if (stat.comp_size > bytes.size() - total) throw InputError(place + ": overlaps another array");
    total += stat.comp_size;
    members.push_back({name, std::make_shared<const std::vector<std::byte>>(
                                 content(archive.get(), index, stat.size, place))});
  }
  return members;
}

}  // namespace promptbound

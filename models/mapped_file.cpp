#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <promptbound/models/input_files.hpp>
#include <promptbound/models/mapped_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

MappedFile::MappedFile(const std::string& path) {
  const auto fail = [&path](int error) {
    throw InputError(path + ": cannot be read: " + std::strerror(error));
  };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) fail(errno);
  struct stat status {};
  void* place = nullptr;
  int error = fstat(file, &status) == 0 ? 0 : errno;
  const bool is_regular = error == 0 && S_ISREG(status.st_mode);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (is_regular && size > 0) {
    place = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (place == MAP_FAILED) error = errno;
  }
  close(file);
  if (error != 0) fail(error);
  if (!is_regular) throw InputError(path + ": a file is needed, not a folder or a device");
  note_input(path);
  bytes_ = {static_cast<const std::byte*>(place), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void give_back(std::span<const std::byte> bytes) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::size_t first = (page - begin % page) % page;
  if (bytes.size() < first + page) return;
  const std::size_t whole = (bytes.size() - first) / page * page;
  // A hint: where the system does not take it, the memory stays in use.
  static_cast<void>(madvise(const_cast<std::byte*>(bytes.data() + first), whole, MADV_DONTNEED));
}

}  // namespace promptbound

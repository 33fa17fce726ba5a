#include <sys/stat.h>

#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <promptbound/models/input_files.hpp>

namespace promptbound {
namespace {

using Identity = std::pair<dev_t, ino_t>;

// Which files a process has read is a fact about the process, like its open files: files are read in many
// places, models and adapters of several files among them, and written in another.
std::set<Identity>& noted() {
  static std::set<Identity> files;
  return files;
}

std::mutex& guard() {
  static std::mutex mutex;
  return mutex;
}

std::optional<Identity> identity_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return Identity(status.st_dev, status.st_ino);
}

}  // namespace

void note_input(const std::string& path) {
  const auto file = identity_of(path);
  const std::scoped_lock lock(guard());
  if (file) noted().insert(*file);
}

bool is_input(const std::string& path) {
  const auto file = identity_of(path);
  const std::scoped_lock lock(guard());
  return file && noted().count(*file) > 0;
}

}  // namespace promptbound

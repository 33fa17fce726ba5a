#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include <promptbound/cli/output_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

// What a signal handler may touch: fixed buffers with the names of unfinished files. A command writes two at
// most, its result and a certificate.
char unfinished[2][4096] = {"", ""};

void remember_unfinished(const std::string& name) {
  for (auto& slot : unfinished) {
    if (slot[0] == '\0' && name.size() < sizeof slot) {
      std::memcpy(slot, name.c_str(), name.size() + 1);
      return;
    }
  }
}

void forget_unfinished(const std::string& name) {
  for (auto& slot : unfinished) {
    if (name == slot) slot[0] = '\0';
  }
}

extern "C" void remove_and_end(int signal) {
  for (const auto& slot : unfinished) {
    if (slot[0] != '\0') unlink(slot);
  }
  std::signal(signal, SIG_DFL);
  raise(signal);
}

bool is_regular_or_absent(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
}

}  // namespace

void remove_unfinished_output_on_signals() {
  std::signal(SIGINT, remove_and_end);
  std::signal(SIGTERM, remove_and_end);
  std::signal(SIGHUP, remove_and_end);
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is reported like a full disk
}

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  if (path_.empty()) {
    file_ = stdout;
    return;
  }
  // A device or pipe is no file to replace. An existing file that may not be written is not replaced either.
  if (is_regular_or_absent(path_)) {
    if (access(path_.c_str(), F_OK) == 0 && access(path_.c_str(), W_OK) != 0) fail("write", errno);
    temporary_ = fmt::format("{}.{}.part", path_, getpid());
  }
  const std::string& name = temporary_.empty() ? path_ : temporary_;
  file_ = std::fopen(name.c_str(), temporary_.empty() ? "w" : "wx");
  if (file_ == nullptr) {
    const int error = errno;
    temporary_.clear();
    fail("write", error);
  }
  remember_unfinished(temporary_);
}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() {
  if (file_ == nullptr || file_ == stdout) return;
  std::fclose(file_);
  file_ = nullptr;
  if (!temporary_.empty()) unlink(temporary_.c_str());
  forget_unfinished(temporary_);
}

void OutputFile::fail(const char* action, int error) const {
  throw InputError(fmt::format("cannot {} {}: {}; {}", action, path_.empty() ? "standard output" : path_,
                               std::strerror(error), "give -o a file that can be written"));
}

void OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
    const int error = errno;
    discard();
    fail("write", error);
  }
}

void OutputFile::commit() {
  if (std::fflush(file_) != 0) {
    const int error = errno;
    discard();
    fail("write", error);
  }
  if (file_ == stdout) return;
  if (!temporary_.empty() &&
      (fsync(fileno(file_)) != 0 || std::rename(temporary_.c_str(), path_.c_str()) != 0)) {
    const int error = errno;
    discard();
    fail("write", error);
  }
  std::fclose(file_);
  file_ = nullptr;
  forget_unfinished(temporary_);
}

}  // namespace promptbound

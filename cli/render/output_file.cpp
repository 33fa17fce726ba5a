#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <optional>

#include <promptbound/cli/render/output_file.hpp>
#include <promptbound/models/input_files.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

namespace fs = std::filesystem;

// What a signal handler may touch: fixed buffers with the names of unfinished files. A command writes its
// result, a certificate and a Coq file at most.
char unfinished[8][4096] = {};

bool is_unfinished(const std::string& name) {
  return std::any_of(std::begin(unfinished), std::end(unfinished),
                     [&](const char* slot) { return name == slot; });
}

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

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw InputError(fmt::format("cannot write {}: {}; give a file that can be written", path, why));
}

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

/// Does the name lead, perhaps over links, to an open descriptor: /dev/stdout, /dev/fd/3, /proc/self/fd/3?
/// Otherwise it becomes the name behind its links.
bool follow_links(std::string& path) {
  constexpr int most_links = 40;  // as the kernel allows
  for (int link = 0; link < most_links; ++link) {
    std::error_code error;
    const fs::path parent = fs::path(path).parent_path();
    const fs::path folder = fs::canonical(parent.empty() ? fs::path(".") : parent, error);
    if (error) return false;  // opening it will say what is missing
    if (folder.string().starts_with("/proc/")) return true;
    path = (folder / fs::path(path).filename()).string();
    const fs::path next = fs::read_symlink(path, error);
    if (error) return false;
    path = next.is_absolute() ? next.string() : (folder / next).string();
  }
  refuse(path, std::strerror(ELOOP));
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool is_standard_output(const struct stat& status) {
  struct stat own {};
  return fstat(STDOUT_FILENO, &own) == 0 && same_file(own, status);
}

}  // namespace

void remove_unfinished_output_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    // What is ignored from the start, as nohup asks for, stays ignored.
    if (std::signal(number, SIG_IGN) != SIG_IGN) std::signal(number, remove_and_end);
  }
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is reported like a full disk
}

void flush_standard_output() {
  std::cout.flush();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout) {
    throw OutputError(fmt::format("cannot write standard output: {}", std::strerror(errno)));
  }
}

std::string file_to_replace(const std::string& path, OverInput over) {
  std::string target = path;
  (void)follow_links(target);
  const auto status = status_of(target);
  if (!status) return target;
  if (over == OverInput::refused && is_input(target)) refuse(path, "this command reads that file");
  // Root may write whatever the mode says; a file without write bits is meant to stay.
  if ((status->st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0 || access(target.c_str(), W_OK) != 0) {
    refuse(path, "it is write-protected");
  }
  return target;
}

OutputFile::OutputFile(std::string path, OverInput over) : path_(std::move(path)), over_(over) {
  std::string behind = path_;
  const bool is_descriptor = !path_.empty() && follow_links(behind);
  const auto status = path_.empty() ? std::nullopt : status_of(path_);
  if (path_.empty() || (is_descriptor && status && is_standard_output(*status))) {
    file_ = stdout;
    return;
  }
  if (is_descriptor || (status && !S_ISREG(status->st_mode))) {
    // A device or pipe is no file to replace. What is open already is continued, not emptied.
    file_ = std::fopen(path_.c_str(), is_descriptor ? "a" : "w");
    if (file_ == nullptr) fail(errno);
  } else {
    open_beside();
  }
}

void OutputFile::open_beside() {
  target_ = file_to_replace(path_, over_);
  const auto former = status_of(target_);
  if (former && is_standard_output(*former)) refuse(path_, "standard output goes there");
  const std::string name = fmt::format("{}.{}.part", target_, getpid());
  if (is_unfinished(name)) refuse(path_, "two outputs of this command would be that file");
  file_ = std::fopen(name.c_str(), "wx");
  if (file_ == nullptr) fail(errno);
  temporary_ = name;
  remember_unfinished(temporary_);
  // Who may read the file stays as it was, where the file system knows of that.
  if (former) (void)fchmod(fileno(file_), former->st_mode & 07777);
}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() {
  if (file_ == nullptr || file_ == stdout) return;
  std::fclose(file_);
  file_ = nullptr;
  if (temporary_.empty()) return;
  unlink(temporary_.c_str());
  forget_unfinished(temporary_);
}

void OutputFile::fail(int error) const {
  if (file_ == stdout) {
    throw OutputError(fmt::format("cannot write standard output: {}", std::strerror(error)));
  }
  refuse(path_, std::strerror(error));
}

void OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
    const int error = errno;
    discard();
    fail(error);
  }
}

void OutputFile::flush() {
  if (std::fflush(file_) != 0 || (!temporary_.empty() && fsync(fileno(file_)) != 0)) {
    const int error = errno;
    discard();
    fail(error);
  }
}

void OutputFile::commit() {
  // Inputs may have been read since the file was opened.
  if (!temporary_.empty()) (void)file_to_replace(target_, over_);
  flush();
  if (file_ == stdout) return;
  if (!temporary_.empty() && std::rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int error = errno;
    discard();
    fail(error);
  }
  std::fclose(file_);
  file_ = nullptr;
  forget_unfinished(temporary_);
}

}  // namespace promptbound

/// Where a command writes: standard output, or a file that appears whole or not at all.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace promptbound {

/// Text output. A regular file is written beside its name and renamed by commit(), so that an error, a full
/// disk or Ctrl-C leaves the former file as it was and no half-written one. Throws InputError when writing
/// fails.
class OutputFile {
 public:
  /// path: a file name, or empty for standard output.
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  /// Flushes, checks, and puts the file in place.
  void commit();

 private:
  [[noreturn]] void fail(const char* action, int error) const;
  void discard();

  std::string path_;
  std::string temporary_;  ///< empty when written in place
  std::FILE* file_ = nullptr;
};

/// Ctrl-C and termination remove an unfinished file before the process ends.
void remove_unfinished_output_on_signals();

}  // namespace promptbound

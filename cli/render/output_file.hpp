/// Where a command writes: standard output, or a file that appears whole or not at all.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

namespace promptbound {

/// Standard output does not take the answer: nothing that was asked for is wrong, and yet nobody can read it.
class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// May an output take the place of a file that this command has read?
enum class OverInput {
  refused,
  accepted  ///< the file is kept from one run to the next: a checkpoint
};

/// Finds the file that a finished output takes the place of: the one behind symbolic links, so that the links
/// stay. Throws InputError where no write bit is set (for root too), where it cannot be written, and where it
/// is an input of this command, under whatever name.
[[nodiscard]] std::string file_to_replace(const std::string& path, OverInput over = OverInput::refused);

/// Text output. A regular file is written beside its name and renamed by commit(), so that an error, a full
/// disk or Ctrl-C leaves the former file as it was and no half-written one. Devices, pipes and open
/// descriptors (/dev/stdout) are written directly. Throws InputError when a file cannot be written, and
/// OutputError when standard output cannot.
class OutputFile {
 public:
  /// Takes a path: a file name, or empty for standard output.
  explicit OutputFile(std::string path, OverInput over = OverInput::refused);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  /// Hands over what was written: commit() then fails no more for want of room.
  void flush();
  /// Flushes, checks, and puts the file in place.
  void commit();

 private:
  void open_beside();
  [[noreturn]] void fail(int error) const;
  void discard();

  std::string path_;
  OverInput over_;
  std::string target_;     ///< what commit() replaces
  std::string temporary_;  ///< empty when written in place
  std::FILE* file_ = nullptr;
};

/// Makes sure that everything that was printed has reached standard output; throws OutputError otherwise.
void flush_standard_output();

/// Returns Ctrl-C, termination and hang-up remove an unfinished file before the process ends, unless they are
/// ignored.
void remove_unfinished_output_on_signals();

}  // namespace promptbound

/// Runs the promptbound program as a user would.
#pragma once

#include <string>

#include "temporary_folder.hpp"

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

/// A command of the shell; standard output and standard error are caught apart.
Outcome run_in_shell(const std::string& command);
/// `arguments` as a shell reads them.
Outcome run(const std::string& arguments);
inline Outcome run_in_format(const std::string& arguments, const std::string& format) {
  return run(arguments + " --format " + format);
}

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);

/// Checks that the program refuses the arguments: exit code 2, nothing on standard output, and one line that
/// holds `expected`.
void check_one_line_refusal(const std::string& arguments, const std::string& expected);
/// Checks that, and that the output file that was asked for is not left behind.
void check_refused(const std::string& arguments, const std::string& expected);

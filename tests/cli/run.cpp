#include "run.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

Outcome run_in_shell(const std::string& command) {
  const TemporaryFolder folder;
  const std::string out = folder.file("out");
  const std::string err = folder.file("err");
  const int status = std::system(("{ " + command + "; } >" + out + " 2>" + err).c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out), read_file(err)};
}

Outcome run(const std::string& arguments) { return run_in_shell(PROMPTBOUND_PROGRAM " " + arguments); }

void check_one_line_refusal(const std::string& arguments, const std::string& expected) {
  CAPTURE(arguments);
  const Outcome outcome = run(arguments);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(outcome.err.ends_with('\n'));
  CHECK_MESSAGE(outcome.err.find(expected) != std::string::npos, outcome.err);
}

void check_refused(const std::string& arguments, const std::string& expected) {
  CAPTURE(arguments);
  const TemporaryFolder folder;
  check_one_line_refusal(arguments + " -o " + folder.file("result"), expected);
  CHECK(folder.is_empty());
}

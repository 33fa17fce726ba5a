/// Programs of others as child processes: no shell reads their arguments.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace promptbound {

/// What is run: a program in a fresh folder that holds one input file.
struct ChildProcess {
  std::string program;  ///< looked for in PATH
  std::vector<std::string> arguments;
  std::string input_name, input;                  ///< the file in the folder and its content
  std::string result_name = {};                   ///< a file that the program may write there; empty: none
  std::optional<std::chrono::seconds> time = {};  ///< most wall time
  std::optional<long> megabytes = {};             ///< most address space, in MiB
};

/// How it ended.
struct ChildOutcome {
  enum class End {
    exited,         ///< with the exit code
    killed,         ///< by a signal, such as for want of memory
    out_of_time,    ///< and killed for it
    not_installed,  ///< PATH names no such program
    not_run         ///< for the reason in `message`: the folder, the input file or the start failed
  };
  End end;
  int exit_code = 0;
  std::string message = {};
  std::string log = {};     ///< what it printed, on standard output and standard error
  std::string result = {};  ///< the content of the file `result_name`; empty where it is not there
};

/// Runs the program, with nothing to read on standard input, and removes the folder with everything in it.
/// Ctrl-C, termination and hang-up kill the program and all that it started, and end this process once the
/// folder is removed; a signal that this process ignores stays ignored.
[[nodiscard]] ChildOutcome run_child(const ChildProcess& child);

}  // namespace promptbound

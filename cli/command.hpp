/// The promptbound command: one file per subcommand, registered in command.cpp.
#pragma once

#include <functional>
#include <string>

#include <promptbound/cli/render/table.hpp>
#include <promptbound/records/answer.hpp>

namespace promptbound {

class CommandLine;
class Subcommand;

/// Exit codes of the command.
enum ExitCode : int {
  exit_done = 0,
  exit_refuted = 1,
  exit_bad_input = 2,
  exit_unknown = 3,
  exit_internal = 4
};

/// Returns what the verdict of a check comes to; values that were computed, or do not apply, are an answer:
/// done.
[[nodiscard]] ExitCode exit_code(Verdict verdict);

/// Options that every subcommand has.
struct CommonOptions {
  Format format = Format::text;
  std::string output;  ///< file, or empty for standard output
  long digits = 0;     ///< 0: the format's default
  bool quiet = false;
  int threads = 1;

  /// Returns the digits of computed enclosures: as asked, 40 by default.
  [[nodiscard]] long computed_digits() const { return digits > 0 ? digits : 40; }
  /// Returns the digits shown: as asked; by default 40 for machines (csv, json) and 10 for people.
  [[nodiscard]] long shown_digits() const;
};

/// What stands in the file of -o: the answer, or what was made (weights, outputs, a figure), the answer being
/// printed.
enum class OutputHolds { answer, product };

/// Adds --format, -o, --digits, --quiet and --threads. The format of an answer's file is its ending's where
/// none is given.
void add_common_options(Subcommand& subcommand, CommonOptions& options,
                        OutputHolds holds = OutputHolds::answer);

/// Adds --coq FILE, which asks for a Coq certificate of the result.
void add_coq_option(Subcommand& subcommand, std::string& file);

/// What a subcommand does after its options are read; returns the exit code.
using Action = std::function<int()>;

// Each adds one subcommand to the app and stores its action when it is the one called.
void add_list(CommandLine& line, Action& action);
void add_eval(CommandLine& line, Action& action);
void add_bounds(CommandLine& line, Action& action);
void add_table(CommandLine& line, Action& action);
void add_verify(CommandLine& line, Action& action);
void add_structure(CommandLine& line, Action& action);
void add_construct(CommandLine& line, Action& action);
void add_run(CommandLine& line, Action& action);
void add_coq_check(CommandLine& line, Action& action);
void add_memorize(CommandLine& line, Action& action);
void add_check(CommandLine& line, Action& action);
void add_audit(CommandLine& line, Action& action);
void add_recall(CommandLine& line, Action& action);
void add_plot(CommandLine& line, Action& action);
void add_paper(CommandLine& line, Action& action);
void add_attention(CommandLine& line, Action& action);
void add_phase(CommandLine& line, Action& action);

/// Runs the command line; prints an error as one line on standard error, of JSON under --format json.
/// Returns the exit code.
int run_command(int argc, const char* const* argv);

}  // namespace promptbound

/// What the command says of itself: the start, and the help of one subcommand.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace promptbound {

/// Returns what `promptbound` alone prints: three things to try.
[[nodiscard]] std::string welcome();

/// Returns the arguments with `help X` read as `X --help`, and `help` alone as `--help`.
[[nodiscard]] std::vector<std::string> with_help_words(int argc, const char* const* argv);

/// Returns Leaves in the help of a subcommand the parameters of the bounds that its line names, with
/// defaults; where it names none, those of all bounds, with the bounds that use them, and for eval the bounds
/// instead. Throws InputError where the line names a bound that there is not.
void tailor_help(CLI::App& subcommand);

/// Says which word of the line was not understood, and what is nearest to it.
[[nodiscard]] std::string unknown_word(const CLI::App& app);

}  // namespace promptbound

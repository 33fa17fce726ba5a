/// The command line as the subcommands see it. The parser itself (CLI11) is large to compile: these few
/// functions keep it out of their sources.
#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace promptbound {

/// An option of a subcommand, or a positional argument. Each function returns the option, for more of them.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  /// Names what stands for the value in the help, such as FILE.
  Option* type_name(const std::string& name);
  Option* required();
  /// Refuses values outside least .. most.
  Option* range(long least, long most);
  /// Refuses all but these words.
  Option* one_of(std::initializer_list<std::string> words);
  /// Splits a value into several.
  Option* delimiter(char separator);
  /// Takes one value each time it is given.
  Option* repeated();
  /// Refuses the option where that other one is not given.
  Option* needs(const std::string& other);
  /// Refuses the option where that other one is given.
  Option* excludes(const std::string& other);
  Option* description(const std::string& text);
  Option* group(const std::string& heading);
  [[nodiscard]] bool is_given() const;

 private:
  CLI::Option* option_;
};

/// One subcommand.
class Subcommand {
 public:
  explicit Subcommand(CLI::App* app) : app_(app) {}
  Subcommand(const Subcommand&) = delete;
  Subcommand& operator=(const Subcommand&) = delete;

  /// Returns Add an option `--NAME`, `-n,--NAME`, or a positional argument `NAME`, whose value goes where the
  /// second argument says.
  Option* add_option(const std::string& name, std::string& value, const std::string& help);
  Option* add_option(const std::string& name, std::vector<std::string>& values, const std::string& help);
  Option* add_option(const std::string& name, int& value, const std::string& help);
  Option* add_option(const std::string& name, long& value, const std::string& help);
  Option* add_option(const std::string& name, unsigned long& value, const std::string& help);
  Option* add_option(const std::string& name, std::optional<long>& value, const std::string& help);
  Option* add_flag(const std::string& name, bool& value, const std::string& help);
  /// Adds an option whose value is handed to a function.
  Option* add_option_function(const std::string& name, const std::function<void(const std::string&)>& take,
                              const std::string& help);

  /// Returns the option of that long name; there is one.
  [[nodiscard]] Option* get_option(const std::string& name);
  /// Sets the text below the help.
  void footer(const std::string& text);
  /// Sets what is called when the subcommand has been read.
  void callback(const std::function<void()>& call);

  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string description() const;
  /// Returns the help, its parameters as tailor_help leaves them.
  [[nodiscard]] std::string help();
  /// Returns the long names of the options that were given; of a positional argument its name.
  [[nodiscard]] std::vector<std::string> given() const;

 private:
  Option* added(CLI::Option* option);

  CLI::App* app_;
  std::deque<Option> options_;  ///< where they stay
};

/// The whole command line: its subcommands.
class CommandLine {
 public:
  explicit CommandLine(CLI::App& app) : app_(app) {}
  Subcommand* add_subcommand(const std::string& name, const std::string& description);
  [[nodiscard]] std::deque<Subcommand>& subcommands() { return subcommands_; }

 private:
  CLI::App& app_;
  std::deque<Subcommand> subcommands_;
};

}  // namespace promptbound

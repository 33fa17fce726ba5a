/// Command-line options for the parameters of bounds.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <promptbound/cli/sweep.hpp>

namespace CLI {
class App;
}

namespace promptbound {

/// The texts given for parameters, by name.
class ParameterOptions {
 public:
  /// Adds --NAME for every parameter that some bound of the catalogue uses.
  void add_to(CLI::App& subcommand);

  /// The sweep over the values given. Throws InputError for values that are not accepted.
  [[nodiscard]] Sweep sweep() const;

  /// The text given for the parameter of that name; there is one.
  [[nodiscard]] const std::string& text(const std::string& name) const { return texts_.at(name); }

  /// Throws InputError when a parameter is given that none of these uses mentions.
  void reject_unused(std::string_view what, const std::vector<Use>& uses) const;

 private:
  std::map<std::string, std::string> texts_;
};

}  // namespace promptbound

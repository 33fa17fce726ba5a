/// Command-line options for the parameters of bounds.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <promptbound/cli/sweep.hpp>

namespace promptbound {

class Subcommand;

/// The heading of the parameters in a subcommand's help.
inline constexpr const char* parameters_group =
    "Parameters (numbers 1/10, 0.1, 1e-3, inf; ranges 1:8, 0:1:1/4, 1:64:x2; lists 1,2,4)";

/// Returns the names of what a direction of a bound uses: `d L eps [C=1] [w]`, in brackets what may be left
/// out.
[[nodiscard]] std::string parameter_list(const std::vector<Use>& uses);

/// The texts given for parameters, by name.
class ParameterOptions {
 public:
  /// Takes the most points that the values may have together.
  explicit ParameterOptions(std::uint64_t most = most_points) : most_(most) {}

  /// Sets the text of the parameter of that name.
  void set(const std::string& name, const std::string& text) { texts_[name] = text; }

  /// Adds --NAME for every parameter that some bound of the catalogue uses.
  void add_to(Subcommand& subcommand);

  /// Returns the sweep over the values given. Throws InputError for values that are not accepted.
  [[nodiscard]] Sweep sweep() const;

  /// Returns the text given for the parameter of that name; there is one.
  [[nodiscard]] const std::string& text(const std::string& name) const { return texts_.at(name); }

  /// Throws InputError when a parameter is given that none of these uses mentions.
  void reject_unused(std::string_view what, const std::vector<Use>& uses) const;

 private:
  std::map<std::string, std::string> texts_;
  std::uint64_t most_;
};

}  // namespace promptbound

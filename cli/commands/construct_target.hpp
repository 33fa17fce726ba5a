/// The function that a construction serves, from command-line options.
#pragma once

#include <string>

#include <promptbound/cli/value_option.hpp>
#include <promptbound/constructions/targets.hpp>

namespace promptbound {

struct TargetOptions {
  std::string name = "reversal";
  std::string frequency = "2";
  std::string table;       ///< file, for the target `table`
  std::string expression;  ///< in place of the name, where not empty (constructions/expression.hpp)
  long cells = 2;
  unsigned long seed = 1;

  /// Returns the options that set these values.
  [[nodiscard]] std::vector<ValueOption> own();
  void add_to(Subcommand& subcommand);
  /// Returns the target for d, L. Throws InputError for unknown names and unusable tables. A table file is
  /// {"schema":1,"cells":2,"values":[..],"C":"1"}; the random table is scaled to the C given.
  [[nodiscard]] Target make(Index d, Index L, const Rational& C, const Number& alpha) const;
};

}  // namespace promptbound

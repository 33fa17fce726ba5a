/// Options as data: the command line and the Python package take the same ones.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace promptbound {

class Subcommand;

/// An option that takes one value.
struct ValueOption {
  std::string_view name;                                    ///< without the dashes
  std::variant<std::string*, long*, unsigned long*> value;  ///< where it goes
  std::string_view type;                                    ///< such as FILE; NUMBER: the text of a number
  std::string_view help;
  long least = 0, most = 0;  ///< of a long
};

/// Adds the options to a subcommand, in this order.
void add_options(Subcommand& subcommand, const std::vector<ValueOption>& options);

}  // namespace promptbound

#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/value_option.hpp>

namespace promptbound {

void add_options(Subcommand& subcommand, const std::vector<ValueOption>& options) {
  for (const ValueOption& option : options) {
    const auto add = [&](auto* value) {
      return subcommand.add_option("--" + std::string(option.name), *value, std::string(option.help));
    };
    Option* added = std::visit(add, option.value)->type_name(std::string(option.type));
    if (std::holds_alternative<long*>(option.value)) added->range(option.least, option.most);
  }
}

}  // namespace promptbound

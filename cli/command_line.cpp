#include <CLI/CLI.hpp>

#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/help.hpp>

namespace promptbound {

Option* Option::type_name(const std::string& name) {
  option_->type_name(name);
  return this;
}

Option* Option::required() {
  option_->required();
  return this;
}

Option* Option::range(long least, long most) {
  option_->check(CLI::Range(least, most));
  return this;
}

Option* Option::one_of(std::initializer_list<std::string> words) {
  option_->check(CLI::IsMember(std::vector<std::string>(words)));
  return this;
}

Option* Option::delimiter(char separator) {
  option_->delimiter(separator);
  return this;
}

Option* Option::repeated() {
  option_->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return this;
}

Option* Option::needs(const std::string& other) {
  option_->needs(other);
  return this;
}

Option* Option::excludes(const std::string& other) {
  option_->excludes(other);
  return this;
}

Option* Option::description(const std::string& text) {
  option_->description(text);
  return this;
}

Option* Option::group(const std::string& heading) {
  option_->group(heading);
  return this;
}

bool Option::is_given() const { return !option_->empty(); }

Option* Subcommand::added(CLI::Option* option) { return &options_.emplace_back(option); }

Option* Subcommand::add_option(const std::string& name, std::string& value, const std::string& help) {
  return added(app_->add_option(name, value, help));
}

Option* Subcommand::add_option(const std::string& name, std::vector<std::string>& values,
                               const std::string& help) {
  return added(app_->add_option(name, values, help));
}

Option* Subcommand::add_option(const std::string& name, int& value, const std::string& help) {
  return added(app_->add_option(name, value, help));
}

Option* Subcommand::add_option(const std::string& name, long& value, const std::string& help) {
  return added(app_->add_option(name, value, help));
}

Option* Subcommand::add_option(const std::string& name, unsigned long& value, const std::string& help) {
  return added(app_->add_option(name, value, help));
}

Option* Subcommand::add_option(const std::string& name, std::optional<long>& value, const std::string& help) {
  return added(app_->add_option(name, value, help));
}

Option* Subcommand::get_option(const std::string& name) { return added(app_->get_option(name)); }

Option* Subcommand::add_flag(const std::string& name, bool& value, const std::string& help) {
  return added(app_->add_flag(name, value, help));
}

Option* Subcommand::add_option_function(const std::string& name,
                                        const std::function<void(const std::string&)>& take,
                                        const std::string& help) {
  return added(app_->add_option_function<std::string>(name, take, help));
}

void Subcommand::footer(const std::string& text) { app_->footer(text); }

void Subcommand::callback(const std::function<void()>& call) { app_->callback(call); }

std::string Subcommand::name() const { return app_->get_name(); }

std::string Subcommand::description() const { return app_->get_description(); }

std::string Subcommand::help() {
  tailor_help(*app_);
  return app_->help("promptbound");
}

std::vector<std::string> Subcommand::given() const {
  std::vector<std::string> names;
  for (const CLI::Option* option : app_->get_options()) {
    if (option->count() == 0) continue;
    names.push_back(option->get_lnames().empty() ? option->get_name() : option->get_lnames().front());
  }
  return names;
}

Subcommand* CommandLine::add_subcommand(const std::string& name, const std::string& description) {
  return &subcommands_.emplace_back(app_.add_subcommand(name, description));
}

}  // namespace promptbound

#include <CLI/CLI.hpp>
#include <algorithm>

#include <fmt/format.h>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/help.hpp>
#include <promptbound/cli/parameter_options.hpp>

namespace promptbound {
namespace {

/// Columns of a help text; the formatter does not break lines itself.
constexpr std::size_t line_width = 100;
constexpr std::size_t description_column = 30;

/// Words in lines that stand in the column of descriptions.
std::string wrapped(const std::string& text) {
  std::string result;
  std::size_t length = 0;
  for (const std::string& word : CLI::detail::split(text, ' ')) {
    if (length > 0 && length + 1 + word.size() > line_width - description_column) {
      result += '\n';
      length = 0;
    } else if (length > 0) {
      result += ' ';
      ++length;
    }
    result += word;
    length += word.size();
  }
  return result;
}

/// A direction of a bound: what is asked for, and from which parameters.
struct NamedDirection {
  const Bound* bound;
  const std::vector<Use>* uses;
};

std::string given(const CLI::App& subcommand, const std::string& name) {
  const CLI::Option* option = subcommand.get_option_no_throw(name);
  if (option == nullptr || option->empty()) return "";
  return CLI::detail::join(option->results(), ",");
}

/// The bounds that the line names: eval's id, table's and plot's outputs.
std::vector<NamedDirection> named_directions(const CLI::App& subcommand) {
  std::vector<NamedDirection> directions;
  if (const std::string id = given(subcommand, "id"); !id.empty()) {
    const Bound& bound = find_bound(id);
    const std::string unknown = given(subcommand, "--solve");
    directions.push_back({&bound, unknown.empty() ? &bound.uses : &find_inverse(bound, unknown).uses});
  }
  for (const char* option : {"--of", "what"}) {
    const std::string outputs = given(subcommand, option);
    // A word of `plot` that names no bound is a preset.
    for (const std::string& output :
         outputs.empty() ? std::vector<std::string>() : CLI::detail::split(outputs, ',')) {
      const std::string id = output.substr(0, output.find('.'));
      for (const Bound& bound : catalogue()) {
        if (bound.id == id) directions.push_back({&bound, &bound.uses});
      }
    }
  }
  return directions;
}

std::vector<NamedDirection> all_directions() {
  std::vector<NamedDirection> directions;
  for (const Bound& bound : catalogue()) {
    directions.push_back({&bound, &bound.uses});
    for (const Inverse& inverse : bound.inverses) directions.push_back({&bound, &inverse.uses});
  }
  return directions;
}

std::string default_of(const Use& use) {
  if (use.has_default()) return fmt::format("default: {}", use.fallback);
  return use.required ? "required" : "optional";
}

/// Each word once, in order of first appearance.
void add_once(std::vector<std::string>& words, std::string word) {
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
}

/// The parameter's meaning with its default and, where several bounds are meant, those that use it; empty
/// where none does.
std::string description(const Parameter& parameter, const std::vector<NamedDirection>& directions,
                        bool with_bounds) {
  std::vector<std::string> bounds;
  std::vector<std::string> defaults;
  for (const NamedDirection& direction : directions) {
    for (const Use& use : *direction.uses) {
      if (use.parameter != &parameter) continue;
      add_once(bounds, std::string(direction.bound->id));
      if (!with_bounds || use.has_default()) add_once(defaults, default_of(use));
    }
  }
  if (bounds.empty()) return "";
  std::string text(parameter.meaning);
  if (!defaults.empty()) text += fmt::format(" ({})", CLI::detail::join(defaults, " or "));
  if (with_bounds) text += fmt::format(" [{}]", CLI::detail::join(bounds, ", "));
  return wrapped(text);
}

bool is_parameter(const CLI::Option& option) { return option.get_group() == parameters_group; }

void show_parameters(CLI::App& subcommand, const std::vector<NamedDirection>& directions, bool with_bounds) {
  for (const Parameter* parameter : all_parameters()) {
    CLI::Option* option = subcommand.get_option(fmt::format("--{}", parameter->name));
    const std::string text = description(*parameter, directions, with_bounds);
    option->description(text);
    if (text.empty()) option->group("");
  }
}

/// The bounds with their parameters, in place of the parameters without their bounds.
std::string list_of_bounds() {
  std::string text = "Bounds (promptbound eval ID --help explains the parameters):\n";
  for (const Bound& bound : catalogue()) {
    text += fmt::format("  {:<27} {}\n", bound.id, parameter_list(bound.uses));
  }
  return text;
}

std::vector<std::string_view> views(const std::vector<std::string>& words) {
  return {words.begin(), words.end()};
}

}  // namespace

std::string welcome() {
  return "promptbound: certified bounds, exact constructions and rigorous checks for the theory of prompt "
         "tuning\n"
         "\n"
         "Three things to try:\n"
         "  promptbound bounds --d 2 --L 2 --eps 1/10    how many prompt tokens are necessary, how many "
         "suffice\n"
         "  promptbound list                             every bound, construction and check, with its "
         "theorem\n"
         "  promptbound audit --model DIR --prompt DIR   what the theorems say about a model and its soft "
         "prompt\n"
         "\n"
         "promptbound help lists the subcommands, promptbound help SUBCOMMAND explains one.\n";
}

std::vector<std::string> with_help_words(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  return words;
}

void tailor_help(CLI::App& subcommand) {
  const auto options = subcommand.get_options();
  if (std::none_of(options.begin(), options.end(), [](const CLI::Option* one) { return is_parameter(*one); }))
    return;
  const std::vector<NamedDirection> named = named_directions(subcommand);
  if (!named.empty()) {
    show_parameters(subcommand, named, named.size() > 1);
  } else if (subcommand.get_name() == "eval") {
    show_parameters(subcommand, {}, false);
    subcommand.footer(list_of_bounds() + "\n" + subcommand.get_footer());
  } else {
    show_parameters(subcommand, all_directions(), true);
  }
}

std::string unknown_word(const CLI::App& app) {
  const bool has_subcommand = !app.get_subcommands().empty();
  const CLI::App& place = has_subcommand ? *app.get_subcommands().front() : app;
  std::string word;
  for (const std::string& argument : place.remaining(true)) {
    if (word.empty() || (has_subcommand && word.front() != '-' && argument.front() == '-')) word = argument;
  }
  std::vector<std::string> known;
  const bool is_option = has_subcommand || word.starts_with("-");
  if (is_option) {
    for (const CLI::Option* option : place.get_options()) {
      if (!option->get_lnames().empty()) known.push_back("--" + option->get_lnames().front());
    }
  } else {
    for (const CLI::App* subcommand : app.get_subcommands({})) known.push_back(subcommand->get_name());
    known.emplace_back("help");
  }
  return fmt::format("'{}' is not {} of {}: did you mean {}?", word.substr(0, 60),
                     is_option ? "an option" : "a subcommand", place.get_name(), nearest(word, views(known)));
}

}  // namespace promptbound

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <new>
#include <optional>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/help.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

/// One line for the user, whatever the library's message looks like.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Format parse_format(const std::string& text) {
  if (text == "text") return Format::text;
  if (text == "markdown") return Format::markdown;
  if (text == "latex") return Format::latex;
  if (text == "csv") return Format::csv;
  if (text == "json") return Format::json;
  if (text == "html") return Format::html;
  throw InputError("--format '" + text.substr(0, 60) +
                   "' is not accepted: format is one of text, markdown, latex, csv, json, html");
}

/// The format that the output file's ending names, if it names one.
std::optional<Format> format_of_file(const std::string& path) {
  constexpr std::pair<std::string_view, Format> endings[] = {{".html", Format::html},
                                                             {".csv", Format::csv},
                                                             {".json", Format::json},
                                                             {".tex", Format::latex},
                                                             {".md", Format::markdown}};
  for (const auto& [ending, format] : endings) {
    if (path.ends_with(ending)) return format;
  }
  return std::nullopt;
}

int parse_and_run(CLI::App& app, std::vector<std::string> words, const Action& action) {
  if (words.empty()) {
    std::cout << welcome();
    return exit_done;
  }
  try {
    // The parser takes the words from the back.
    std::reverse(words.begin(), words.end());
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp& help) {
    if (!app.get_subcommands().empty()) tailor_help(*app.get_subcommands().front());
    return app.exit(help);
  } catch (const CLI::Success& success) {  // --version
    return app.exit(success);
  }
  if (!action) throw CLI::RequiredError("A subcommand");
  return action();
}

}  // namespace

long CommonOptions::shown_digits() const {
  if (digits > 0) return digits;
  return format == Format::csv || format == Format::json ? 40 : 10;
}

void add_common_options(Subcommand& subcommand, CommonOptions& options, OutputHolds holds) {
  Option* format =
      subcommand
          .add_option_function(
              "--format", [&options](const std::string& text) { options.format = parse_format(text); },
              holds == OutputHolds::answer
                  ? "text, markdown, latex, csv, json or html (default: by the ending of FILE, else text)"
                  : "text (default), markdown, latex, csv, json or html")
          ->type_name("FORMAT");
  subcommand
      .add_option_function(
          "-o,--output",
          [&options, format, holds](const std::string& path) {
            options.output = path;
            const std::optional<Format> ending = format_of_file(path);
            if (holds == OutputHolds::answer && ending && !format->is_given()) options.format = *ending;
          },
          holds == OutputHolds::answer ? "write to this file instead of standard output"
                                       : "the file to write")
      ->type_name("FILE");
  subcommand
      .add_option("--digits", options.digits, "significant digits of enclosures (default 40; text shows 10)")
      ->range(1L, 10000L)
      ->type_name("N");
  // The limit holds as long as the option.
  subcommand
      .add_option_function(
          "--most-bits",
          [limit = std::make_shared<std::optional<PrecisionLimit>>()](const std::string& bits) {
            limit->emplace(std::stol(bits));
          },
          fmt::format("bits of working precision at which what is still undecided is unknown (default {})",
                      default_precision_limit))
      ->range(2L, 1L << 40)
      ->type_name("N");
  subcommand.add_option("--threads", options.threads, "threads for sweeps (default 1)")
      ->range(1, 1024)
      ->type_name("N");
  subcommand.add_flag("--quiet", options.quiet, "no progress on standard error");
}

void add_coq_option(Subcommand& subcommand, std::string& file) {
  subcommand
      .add_option("--coq", file,
                  "write a Coq file that proves the result (promptbound coq-check compiles it)")
      ->type_name("FILE.v");
}

int run_command(int argc, const char* const* argv) {
  remove_unfinished_output_on_signals();
  CLI::App app("Certified bounds, exact constructions and rigorous checks for the theory of prompt tuning",
               "promptbound");
  app.set_version_flag("-V,--version", "promptbound " PROMPTBOUND_VERSION);
  app.require_subcommand(0, 1);
  app.failure_message(CLI::FailureMessage::simple);
  CommandLine line(app);
  Action action;
  add_list(line, action);
  add_bounds(line, action);
  add_eval(line, action);
  add_table(line, action);
  add_verify(line, action);
  add_structure(line, action);
  add_construct(line, action);
  add_run(line, action);
  add_coq_check(line, action);
  add_memorize(line, action);
  add_check(line, action);
  add_audit(line, action);
  add_plot(line, action);
  add_paper(line, action);
  add_attention(line, action);
  add_phase(line, action);
  try {
    const int code = parse_and_run(app, with_help_words(argc, argv), action);
    flush_standard_output();
    return code;
  } catch (const CLI::ExtrasError&) {
    std::cerr << "promptbound: " << unknown_word(app) << '\n';
    return exit_bad_input;
  } catch (const CLI::ParseError& error) {
    std::cerr << "promptbound: " << first_line(error.what())
              << " (promptbound --help shows what is accepted)\n";
    return exit_bad_input;
  } catch (const InputError& error) {
    std::cerr << "promptbound: " << first_line(error.what()) << '\n';
    return exit_bad_input;
  } catch (const Undecided& undecided) {
    std::cerr << "promptbound: unknown: " << first_line(undecided.what())
              << (undecided.by_precision() ? " (--most-bits N admits more)" : "") << '\n';
    return exit_unknown;
  } catch (const OutputError& error) {
    std::cerr << "promptbound: " << first_line(error.what()) << '\n';
    return exit_internal;
  } catch (const std::bad_alloc&) {
    std::cerr << "promptbound: out of memory: ask for fewer digits or smaller parameters\n";
    return exit_bad_input;
  } catch (const std::exception& error) {
    std::cerr << "promptbound: internal error: " << first_line(error.what()) << '\n';
    return exit_internal;
  }
}

}  // namespace promptbound

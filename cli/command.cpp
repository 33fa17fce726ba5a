#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <new>
#include <optional>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/command.hpp>
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

/// The option that was not understood, with the nearest one that exists.
std::string unknown_option(const CLI::App& app) {
  const CLI::App& subcommand = app.get_subcommands().empty() ? app : *app.get_subcommands().front();
  std::string extra;
  for (const std::string& argument : subcommand.remaining(true)) {
    if (extra.empty() || (extra.front() != '-' && argument.front() == '-')) extra = argument;
  }
  std::vector<std::string> names;
  for (const CLI::Option* option : subcommand.get_options()) {
    if (!option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  return "'" + extra + "' is not an option of " + subcommand.get_name() + ": did you mean " +
         nearest(extra, known) + "?";
}

int parse_and_run(CLI::App& app, int argc, const char* const* argv, const Action& action) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  }
  return action();
}

}  // namespace

long CommonOptions::shown_digits() const {
  if (digits > 0) return digits;
  return format == Format::csv || format == Format::json ? 40 : 10;
}

void add_common_options(CLI::App& subcommand, CommonOptions& options) {
  subcommand
      .add_option_function<std::string>(
          "--format", [&options](const std::string& text) { options.format = parse_format(text); },
          "text (default), markdown, latex, csv, json or html")
      ->type_name("FORMAT");
  subcommand.add_option("-o,--output", options.output, "write to this file instead of standard output")
      ->type_name("FILE");
  subcommand
      .add_option("--digits", options.digits, "significant digits of enclosures (default 40; text shows 10)")
      ->check(CLI::Range(1L, 10000L))
      ->type_name("N");
  // The limit holds as long as the option.
  subcommand
      .add_option_function<long>(
          "--most-bits",
          [limit = std::make_shared<std::optional<PrecisionLimit>>()](long bits) { limit->emplace(bits); },
          fmt::format("bits of working precision at which what is still undecided is unknown (default {})",
                      default_precision_limit))
      ->check(CLI::Range(2L, 1L << 40))
      ->type_name("N");
  subcommand.add_option("--threads", options.threads, "threads for sweeps (default 1)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  subcommand.add_flag("--quiet", options.quiet, "no progress on standard error");
}

void add_coq_option(CLI::App& subcommand, std::string& file) {
  subcommand
      .add_option("--coq", file,
                  "write a Coq file that proves the result (promptbound coq-check compiles it)")
      ->type_name("FILE.v");
}

int run_command(int argc, const char* const* argv) {
  remove_unfinished_output_on_signals();
  CLI::App app("Certified bounds, exact constructions and rigorous checks for the theory of prompt tuning",
               "promptbound");
  app.set_version_flag("--version", "promptbound " PROMPTBOUND_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  Action action;
  add_list(app, action);
  add_bounds(app, action);
  add_eval(app, action);
  add_table(app, action);
  add_verify(app, action);
  add_structure(app, action);
  add_construct(app, action);
  add_run(app, action);
  add_coq_check(app, action);
  add_memorize(app, action);
  add_check(app, action);
  add_audit(app, action);
  add_plot(app, action);
  add_paper(app, action);
  add_attention(app, action);
  add_phase(app, action);
  try {
    const int code = parse_and_run(app, argc, argv, action);
    flush_standard_output();
    return code;
  } catch (const CLI::ExtrasError&) {
    std::cerr << "promptbound: " << unknown_option(app) << '\n';
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

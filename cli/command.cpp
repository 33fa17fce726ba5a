#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <new>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/render/render_json.hpp>
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

/// Is the answer asked for as JSON? Read from the words themselves: what fails may be their reading.
bool asks_for_json(int argc, const char* const* argv) {
  bool is_json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--format" && i + 1 < argc) is_json = std::string_view(argv[i + 1]) == "json";
    if (word.starts_with("--format=")) is_json = word == "--format=json";
  }
  return is_json;
}

/// Says on standard error why there is no answer: one line, or one line of JSON. Returns the exit code.
int fail(ExitCode code, std::string_view kind, const std::string& message, bool is_json) {
  if (is_json) {
    const nlohmann::ordered_json document = {
        {"schema", json_schema}, {"error", {{"kind", kind}, {"message", message}, {"exit_code", int{code}}}}};
    // What is no UTF-8, such as a file's name, is shown by a replacement character.
    std::cerr << document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  } else {
    std::cerr << "promptbound: " << message << '\n';
  }
  return code;
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

ExitCode exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::refuted:
      return exit_refuted;
    case Verdict::unknown:
      return exit_unknown;
    case Verdict::proved:
    case Verdict::computed:
    case Verdict::not_applicable:
      break;
  }
  return exit_done;
}

long CommonOptions::shown_digits() const {
  if (digits > 0) return digits;
  return is_for_programs(format) ? 40 : 10;
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
  const bool is_json = asks_for_json(argc, argv);
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
    return fail(exit_bad_input, "usage", unknown_option(app), is_json);
  } catch (const CLI::ParseError& error) {
    return fail(exit_bad_input, "usage",
                first_line(error.what()) + " (promptbound --help shows what is accepted)", is_json);
  } catch (const InputError& error) {
    return fail(exit_bad_input, "input", first_line(error.what()), is_json);
  } catch (const Undecided& undecided) {
    return fail(exit_unknown, "unknown", "unknown: " + first_line(undecided.what()), is_json);
  } catch (const OutputError& error) {
    return fail(exit_internal, "output", first_line(error.what()), is_json);
  } catch (const std::bad_alloc&) {
    return fail(exit_bad_input, "memory", "out of memory: ask for fewer digits or smaller parameters",
                is_json);
  } catch (const std::exception& error) {
    return fail(exit_internal, "internal", "internal error: " + first_line(error.what()), is_json);
  }
}

}  // namespace promptbound

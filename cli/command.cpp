#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/help.hpp>
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

int parse_and_run(CLI::App& app, std::vector<std::string> words, const Action& action) {
  if (words.empty()) {
    std::cout << welcome();
    return exit_done;
  }
  const bool names_subcommand = !words.front().starts_with("-");
  try {
    // The parser takes the words from the back.
    std::reverse(words.begin(), words.end());
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp& help) {
    if (!app.get_subcommands().empty()) {
      tailor_help(*app.get_subcommands().front());
    } else if (names_subcommand) {
      throw CLI::ExtrasError({"no such subcommand"});
    }
    return app.exit(help);
  } catch (const CLI::Success& success) {  // --version
    return app.exit(success);
  }
  if (!action) throw CLI::RequiredError("A subcommand");
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
  subcommand
      .add_option("--threads", options.threads,
                  "threads for sweeps, proofs and their checks, attention and audits (default 1)")
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
  const bool is_json = asks_for_json(argc, argv);
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
  add_recall(line, action);
  add_plot(line, action);
  add_paper(line, action);
  add_attention(line, action);
  add_phase(line, action);
  try {
    const int code = parse_and_run(app, with_help_words(argc, argv), action);
    flush_standard_output();
    return code;
  } catch (const CLI::ExtrasError&) {
    return fail(exit_bad_input, "usage", unknown_word(app), is_json);
  } catch (const CLI::ParseError& error) {
    return fail(exit_bad_input, "usage",
                first_line(error.what()) + " (promptbound --help shows what is accepted)", is_json);
  } catch (const InputError& error) {
    return fail(exit_bad_input, "input", first_line(error.what()), is_json);
  } catch (const Undecided& undecided) {
    const char* const more = undecided.by_precision() ? " (--most-bits N admits more)" : "";
    return fail(exit_unknown, "unknown", "unknown: " + first_line(undecided.what()) + more, is_json);
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

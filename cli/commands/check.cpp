// One subcommand of cli/command.hpp.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/verify/check/check.hpp>

namespace promptbound {
namespace {

struct CheckOptions : CommonOptions {
  std::string certificate, model, data, table;
  std::vector<std::string> prompts;
  CheckLimits limits;
};

/// The lines of the report for a terminal; elsewhere a row each.
void write_report(const CheckReport& report, Format format, OutputFile& file) {
  if (format == Format::text) return file.write(report_text(report));
  const auto writer = make_table_writer(format, file, 0);
  writer->begin("Certificate", {{"part"}, {"what the checker says"}});
  const auto row = [&](const char* part, const std::string& text) {
    if (!text.empty()) writer->row({std::string(part), text});
  };
  row("verdict", verdict_name(report));
  row("reason", report.why);
  row("object", report.object);
  row("format", report.format);
  row("recomputed", report.statement);
  row("inputs", report.inputs);
  row("lifted by", report.theorem);
  row("trusted", report.trusted);
  writer->end();
}

int run(const CheckOptions& options) {
  std::vector<GivenInput> inputs;
  const auto add = [&](const char* role, const std::string& path) {
    if (path.empty()) return;
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(path, ignored);
    inputs.push_back({role, path, is_folder ? std::string() : read_text_file(path)});
  };
  add("model", options.model);
  add("data", options.data);
  add("table", options.table);
  for (const std::string& prompt : options.prompts) add("prompt", prompt);
  CheckLimits limits = options.limits;
  limits.threads = options.threads;
  const CheckReport report =
      check_certificate(read_text_file(options.certificate), options.certificate, limits, inputs);
  OutputFile file(options.output);
  if (options.format == Format::json) {
    nlohmann::ordered_json json = {{"accepted", report.accepted()},  {"reason", report.why},
                                   {"object", report.object},        {"format", report.format},
                                   {"recomputed", report.statement}, {"inputs", report.inputs},
                                   {"lifted_by", report.theorem},    {"trusted", report.trusted}};
    file.write(document(answer_json(report, verdict_name(report), json)));
  } else {
    write_report(report, options.format, file);
  }
  file.commit();
  if (report.verdict == Verdict::unknown) {
    // Where the time is up a thread is still at work: nothing waits for it.
    flush_standard_output();
    std::_Exit(exit_unknown);
  }
  return exit_code(report.verdict);
}

}  // namespace

void add_check(CommandLine& line, Action& action) {
  auto options = std::make_shared<CheckOptions>();
  Subcommand* subcommand =
      line.add_subcommand("check", "recompute a certificate: accepted or rejected, and what is trusted");
  subcommand->footer(
      "Exit codes: 0 accepted, 1 rejected, 3 unknown (a limit ended the check).\n"
      "Examples:\n"
      "  promptbound check proof.json\n"
      "  promptbound check proof.json --seconds 60 --model model.json --data data.json\n"
      "  promptbound check recall.json --model tiny-gpt2 --prompt tiny-gpt2-prompt");
  subcommand->add_option("certificate", options->certificate, "certificate file (JSON)")
      ->required()
      ->type_name("FILE");
  const auto file = [&](const char* flag, std::string& path, const char* what) {
    subcommand->add_option(flag, path, what)->type_name("FILE");
  };
  file("--model", options->model,
       "must be the model file that the certificate is about; of recall, the model's folder");
  file("--data", options->data, "must be the memorization data that it is about");
  file("--table", options->table, "must be the file of its target `table`");
  subcommand
      ->add_option("--prompt", options->prompts,
                   "folder of a prompt, for certificates of recall (repeatable, in the certificate's order)")
      ->type_name("DIR")
      ->repeated();
  subcommand
      ->add_option("--bits", options->limits.bits,
                   "most bits of precision that a certificate may ask for (default 16384)")
      ->range(64L, 1L << 24)
      ->type_name("N");
  subcommand
      ->add_option("--seconds", options->limits.seconds,
                   "most seconds until there is an answer (default: no limit)")
      ->range(1L, 1000000000L)
      ->type_name("N");
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace promptbound

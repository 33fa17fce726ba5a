#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/render_json.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/verify/check/check.hpp>

namespace promptbound {
namespace {

struct CheckOptions : CommonOptions {
  std::string certificate;
};

int run(const CheckOptions& options) {
  const CheckReport report = check_certificate(read_text_file(options.certificate), options.certificate);
  OutputFile file(options.output);
  if (options.format == Format::json) {
    const nlohmann::ordered_json json = {{"schema", json_schema},       {"accepted", report.accepted},
                                         {"reason", report.reason},     {"object", report.object},
                                         {"format", report.format},     {"recomputed", report.statement},
                                         {"lifted_by", report.theorem}, {"trusted", report.trusted}};
    file.write(json.dump(1) + "\n");
  } else {
    file.write(report_text(report));
  }
  file.commit();
  return report.accepted ? exit_done : exit_refuted;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* subcommand =
      app.add_subcommand("check", "recompute a certificate: accepted or rejected, and what is trusted");
  subcommand->footer("Example:\n  promptbound check proof.json");
  subcommand->add_option("certificate", options->certificate, "certificate file (JSON)")->required();
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace promptbound

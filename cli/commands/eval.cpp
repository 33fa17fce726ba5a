// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/bound_sweep.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/parallel_rows.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

struct EvalOptions : CommonOptions {
  std::string id;
  std::string unknown;  ///< parameter to solve for, empty: forwards
  std::string coq;      ///< certificate file, empty: none
  ParameterOptions parameters;
};

/// An array of records, one a line.
void write_json(const EvalOptions& options, const BoundSweep& sweep, const Record& first, OutputFile& file) {
  const long digits = options.shown_digits();
  const Sweep& points = sweep.points();
  if (points.varying().empty()) {
    file.write(document(record_json(first, digits)));
    return;
  }
  bool is_first = true;
  for_each_row(
      points.size(), options,
      [&](std::uint64_t i) { return record_json(sweep.record(points.at(i)), digits).dump(); },
      [&](const std::string& line) {
        file.write((is_first ? "[\n" : ",\n") + line);
        is_first = false;
      });
  file.write("\n]\n");
}

int eval(const EvalOptions& options) {
  const BoundSweep sweep(options.id, options.unknown, options.parameters, options.computed_digits());
  const bool is_one_point = sweep.points().varying().empty();
  // The first point is computed before the file is opened: a missing parameter leaves nothing behind.
  const Record first = sweep.record(sweep.points().at(0));

  std::optional<OutputFile> coq;
  if (!options.coq.empty()) {
    if (!is_one_point) throw InputError("--coq certifies one point: give one value a parameter");
    CoqCertificate certificate;
    certify_in_coq(sweep.bound(), sweep.inverse(), sweep.points().at(0), first, certificate);
    coq.emplace(options.coq).write(certificate.text());
  }
  OutputFile file(options.output);
  if (options.format == Format::json) {
    write_json(options, sweep, first, file);
  } else {
    const auto writer = make_table_writer(options.format, file, options.shown_digits());
    if (is_one_point) {
      write_record(sweep.bound(), sweep.inverse(), first, *writer);
    } else {
      sweep.write_rows(0, sweep.points().size(), options, *writer);
    }
  }
  if (coq) coq->commit();
  file.commit();
  return is_one_point && first.is_undecided() ? exit_unknown : exit_done;
}

}  // namespace

void add_eval(CommandLine& line, Action& action) {
  auto options = std::make_shared<EvalOptions>();
  Subcommand* subcommand =
      line.add_subcommand("eval", "one bound, forwards or backwards, at one point or over a sweep");
  subcommand->footer(
      "Examples:\n"
      "  promptbound eval entropy-bits --d 2 --L 2 --eps 1/10\n"
      "  promptbound eval entropy-bits --d 2 --L 2 --m 100 --solve eps\n"
      "  promptbound eval memory-linear --m 1:64:x2 --w 768 --R 5 --Lambda 1000 --Delta 1/2 --eps 0.01 "
      "--format csv\n"
      "  promptbound eval entropy-bits --d 2 --L 2 --eps 1/10 --coq tokens.v");
  subcommand->add_option("id", options->id, "id of the bound (promptbound list shows all)")->required();
  subcommand->add_option("--solve", options->unknown, "read the bound backwards for this parameter")
      ->type_name("NAME");
  add_coq_option(*subcommand, options->coq);
  options->parameters.add_to(*subcommand);
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return eval(*options); }; });
}

}  // namespace promptbound

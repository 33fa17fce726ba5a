// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <map>
#include <memory>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/model_table.hpp>
#include <promptbound/cli/parallel_rows.hpp>
#include <promptbound/cli/parameter_options.hpp>
#include <promptbound/cli/parameter_view.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/selected_output.hpp>
#include <promptbound/cli/shipped.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

struct TableOptions : CommonOptions {
  std::vector<std::string> outputs;  ///< ID.OUTPUT
  std::string preset;
  std::string models;  ///< file of the capacity preset
  ParameterOptions parameters;
};

/// The one output that is chosen of this bound; empty where there are several.
std::string_view only_output(const std::vector<SelectedOutput>& selected, const Bound& bound) {
  std::string_view only;
  for (const SelectedOutput& one : selected) {
    if (one.bound != &bound || one.output == only) continue;
    if (!only.empty()) return "";
    only = one.output;
  }
  return only;
}

void write_outputs(const TableOptions& options, TableWriter& writer) {
  std::vector<SelectedOutput> selected;
  std::vector<Use> uses;
  for (const std::string& text : options.outputs) {
    selected.push_back(parse_selected(text));
    uses.insert(uses.end(), selected.back().bound->uses.begin(), selected.back().bound->uses.end());
  }
  options.parameters.reject_unused("these bounds", uses);
  const Sweep sweep = options.parameters.sweep();
  const ParameterView parameters(options.parameters, uses);
  parameters.write_head(options.format, writer);
  std::vector<Column> columns = parameters.headings(options.format);
  for (const SelectedOutput& one : selected) columns.push_back({one.name(), true});
  if (is_for_programs(options.format)) columns.push_back({"proof"});
  writer.begin("", columns);
  for_each_row(
      sweep.size(), options,
      [&](std::uint64_t i) {
        const Arguments arguments = sweep.at(i);
        std::vector<Cell> cells = parameters.cells(options.format, arguments);
        std::map<std::string_view, Record> records;  // a bound is evaluated once, whatever is chosen of it
        ProofSummary proof;
        for (const SelectedOutput& one : selected) {
          auto record = records.find(one.bound->id);
          if (record == records.end()) {
            record = records
                         .emplace(one.bound->id, evaluate(*one.bound, arguments, options.computed_digits(),
                                                          only_output(selected, *one.bound)))
                         .first;
          }
          cells.push_back(output_cell(record->second, one.output));
          proof.add(one.name(), record->second, one.output);
        }
        if (is_for_programs(options.format)) cells.emplace_back(proof.text());
        return cells;
      },
      [&](const std::vector<Cell>& cells) { writer.row(cells); });
  writer.end();
}

int table(const TableOptions& options) {
  if (options.outputs.empty() == options.preset.empty()) {
    throw InputError("table needs --of ID.OUTPUT[,ID.OUTPUT...] or --preset capacity");
  }
  OutputFile file(options.output);
  const auto writer = make_table_writer(options.format, file, options.shown_digits());
  if (options.preset.empty()) {
    write_outputs(options, *writer);
  } else {
    write_model_table(
        read_models(options.models.empty() ? shipped("published_models.csv").string() : options.models),
        options.format, options.computed_digits(), *writer);
  }
  file.commit();
  return exit_done;
}

}  // namespace

void add_table(CommandLine& line, Action& action) {
  auto options = std::make_shared<TableOptions>();
  Subcommand* subcommand = line.add_subcommand("table", "chosen outputs over a sweep, or a preset table");
  subcommand->footer(
      "Examples:\n"
      "  promptbound table --of entropy-bits.tokens,lookup-upper.tokens --d 1:4 --L 2 --eps 1/10 --format "
      "latex\n"
      "  promptbound table --preset capacity");
  subcommand
      ->add_option("--of", options->outputs, "outputs ID.OUTPUT, or ID for the main one, comma-separated")
      ->delimiter(',')
      ->type_name("ID.OUTPUT");
  subcommand->add_option("--preset", options->preset, "capacity: accessible lengths of language models")
      ->one_of({"capacity"})
      ->type_name("NAME");
  subcommand
      ->add_option(
          "--models", options->models,
          "CSV file of models for --preset capacity (default: published figures that come with the program)")
      ->type_name("FILE");
  options->parameters.add_to(*subcommand);
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return table(*options); }; });
}

}  // namespace promptbound

// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <memory>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/parallel_rows.hpp>
#include <promptbound/cli/parameter_options.hpp>
#include <promptbound/cli/parameter_view.hpp>
#include <promptbound/cli/render/figure_presets.hpp>
#include <promptbound/cli/selected_output.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

struct PlotOptions : CommonOptions {
  std::string what;
  std::string scale = "auto";
  ParameterOptions parameters;
};

const FigurePreset* find_preset(const std::string& id) {
  for (const FigurePreset& preset : figure_presets()) {
    if (preset.id == id) return &preset;
  }
  return nullptr;
}

/// Outputs against the one parameter that varies.
Figure sweep_figure(const PlotOptions& options) {
  std::vector<SelectedOutput> selected;
  std::vector<Use> uses;
  for (std::size_t begin = 0; begin <= options.what.size();) {
    const std::size_t end = std::min(options.what.find(',', begin), options.what.size());
    selected.push_back(parse_selected(options.what.substr(begin, end - begin)));
    uses.insert(uses.end(), selected.back().bound->uses.begin(), selected.back().bound->uses.end());
    begin = end + 1;
  }
  options.parameters.reject_unused("these bounds", uses);
  const Sweep sweep = options.parameters.sweep();
  if (sweep.varying().size() != 1) {
    throw InputError(
        fmt::format("plot needs one parameter with several values (such as --eps 1/100:1/4:x2), and {} have",
                    sweep.varying().size()));
  }
  const Parameter& varying = *sweep.varying().front();
  const bool logarithmic = options.scale != "linear";
  const ParameterView parameters(options.parameters, uses);
  Figure figure{"sweep",
                options.what + "\n" + parameters_text(parameters.shown()),
                {std::string(varying.name), logarithmic},
                {"", false},
                {}};
  figure.x.label += varying.unit.empty() ? "" : fmt::format(" ({})", varying.unit);
  figure.y.label = "log10 of the output";
  for (const SelectedOutput& one : selected) figure.series.push_back({one.name(), {}});
  for_each_row(
      sweep.size(), options,
      [&](std::uint64_t i) {
        const Arguments arguments = sweep.at(i);
        std::vector<Record> records;
        records.reserve(selected.size());
        for (const SelectedOutput& one : selected) {
          records.push_back(evaluate(*one.bound, arguments, options.computed_digits(), one.output));
        }
        return std::pair(value_of(Quantity(arguments.rational(varying))), std::move(records));
      },
      [&](const std::pair<double, std::vector<Record>>& row) {
        for (std::size_t k = 0; k < selected.size(); ++k) {
          const Record& record = row.second[k];
          if (!record.is_applicable()) continue;
          const Quantity& output = record.output(selected[k].output);
          if (std::holds_alternative<std::string>(output.value())) continue;
          const double y = log10_of(output);
          if (std::isfinite(y)) figure.series[k].points.emplace_back(row.first, y);
        }
      });
  for (const Series& series : figure.series) {
    if (series.points.empty())
      throw InputError(fmt::format("{} has no positive value to plot here", series.label));
  }
  return figure;
}

int plot(const PlotOptions& options) {
  if (options.output.empty()) throw InputError("plot needs -o FILE that ends in .svg, .pdf, .png or .tex");
  const FigureFormat format = figure_format(options.output);
  const FigurePreset* preset = find_preset(options.what);
  const std::string content = render(preset != nullptr ? preset->make() : sweep_figure(options), format);
  OutputFile file(options.output);
  file.write(content);
  file.commit();
  return exit_done;
}

}  // namespace

void add_plot(CommandLine& line, Action& action) {
  auto options = std::make_shared<PlotOptions>();
  Subcommand* subcommand =
      line.add_subcommand("plot", "figures as SVG, PDF, PNG or PGFPlots: presets, or outputs over a sweep");
  std::string presets;
  for (const FigurePreset& preset : figure_presets())
    presets += fmt::format("  {:<17} {}\n", preset.id, preset.shows);
  subcommand->footer(
      "Presets:\n" + presets +
      "Examples:\n"
      "  promptbound plot capacity -o capacity.svg\n"
      "  promptbound plot entropy-bits.tokens,lookup-upper.tokens --d 2 --L 2 --eps 1/512:1/4:x2 -o gap.pdf");
  subcommand->add_option("what", options->what, "a preset, or outputs ID.OUTPUT, comma-separated")
      ->required()
      ->type_name("WHAT");
  subcommand->add_option("--scale", options->scale, "x axis of a sweep: log (default) or linear")
      ->one_of({"log", "linear"})
      ->type_name("SCALE");
  options->parameters.add_to(*subcommand);
  add_common_options(*subcommand, *options, OutputHolds::product);
  subcommand->callback([options, &action] { action = [options] { return plot(*options); }; });
}

}  // namespace promptbound

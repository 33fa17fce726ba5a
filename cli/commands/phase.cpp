// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <cmath>
#include <memory>
#include <random>

#include <promptbound/attention/choice/automatic.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/progress.hpp>
#include <promptbound/cli/render/figure.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/number.hpp>

// Theory 4.1 on finite inputs: T tokens of dimension d with entries uniform in [-B, B], scores <q, k>/d, B =
// ratio sqrt(ln T).

namespace promptbound {
namespace {

struct PhaseOptions : CommonOptions {
  Index T = 4096, d = 4;
  std::string accuracy = "1e-3", plot, ratios = "1/10,1/5,3/10,2/5,1/2,3/5,7/10,4/5,9/10,1,6/5,7/5";
  std::uint64_t seed = 1;
};

struct Data {
  std::vector<double> q, k, v;
  AttentionArrays<double> arrays;

  Data(const PhaseOptions& options, double B) {
    std::mt19937_64 engine(options.seed);
    std::uniform_real_distribution<double> entry(-1, 1);
    const auto fill = [&](std::vector<double>& array, double size) {
      array.resize(static_cast<std::size_t>(options.T * options.d));
      for (double& x : array) x = size * entry(engine);
      return array.data();
    };
    arrays.n = arrays.m = options.T;
    arrays.d = arrays.d_v = options.d;
    arrays.q = fill(q, B);
    arrays.k = fill(k, B);
    arrays.v = fill(v, 1);
    arrays.scale = 1 / static_cast<double>(options.d);
  }
};

void write_row(const PhaseOptions& options, const Rational& ratio, double accuracy, TableWriter& writer,
               Figure& figure) {
  const double B = ratio.convert_to<double>() * std::sqrt(std::log(static_cast<double>(options.T)));
  const Data data(options, B);
  AttentionRequest request{Method::polynomial, accuracy, std::nullopt, options.threads};
  const auto polynomial = attend(data.arrays, request);
  request.method = Method::exact;
  const auto exact = attend(data.arrays, request);
  const auto seconds = [](double value) { return Cell(fmt::format("{:.4g}", value)); };
  const auto plot = [&](std::size_t series, const std::variant<AttentionAnswer, Refusal>& outcome) {
    if (const auto* answer = std::get_if<AttentionAnswer>(&outcome))
      figure.series[series].points.emplace_back(ratio.convert_to<double>(), *answer->spent.seconds);
  };
  plot(0, polynomial);
  plot(1, exact);
  std::vector<Cell> cells = {Quantity(ratio), fmt::format("{:.4g}", B)};
  const auto* of_exact = std::get_if<AttentionAnswer>(&exact);
  if (const auto* answer = std::get_if<AttentionAnswer>(&polynomial)) {
    cells.insert(cells.end(), {std::to_string(answer->degree), std::to_string(answer->rank),
                               fmt::format("{:.2e}", answer->error_bound), seconds(*answer->spent.seconds)});
    cells.push_back(of_exact != nullptr ? seconds(*of_exact->spent.seconds)
                                        : Cell(Absent{"not certifiable"}));
    cells.push_back(of_exact != nullptr
                        ? Cell(fmt::format("{:.3g}", *of_exact->spent.seconds / *answer->spent.seconds))
                        : Cell(Absent{"not certifiable"}));
  } else {
    const Absent none{"no polynomial of 2^20 monomials is certified"};
    cells.insert(cells.end(), {none, none, none, none});
    cells.push_back(of_exact != nullptr ? seconds(*of_exact->spent.seconds)
                                        : Cell(Absent{"not certifiable"}));
    cells.push_back(none);
  }
  writer.row(cells);
}

/// A list of positive numbers, separated by commas.
std::vector<Rational> parse_ratios(const std::string& text) {
  std::vector<Rational> ratios;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    ratios.push_back(parse_rational(text.substr(start, end - start), "--ratios"));
    if (ratios.back() <= 0) throw InputError("--ratios '" + text + "' is not accepted: positive numbers are");
    start = end + 1;
  }
  return ratios;
}

int phase(const PhaseOptions& options) {
  const Rational accuracy = parse_rational(options.accuracy, "--accuracy");
  if (accuracy <= 0)
    throw InputError("--accuracy '" + options.accuracy + "' is not accepted: a positive number is");
  const std::vector<Rational> ratios = parse_ratios(options.ratios);
  if (!options.plot.empty()) (void)figure_format(options.plot);  // refused before anything is measured
  Figure figure{"phase",
                fmt::format("Certified attention, {} tokens, d = {}, accuracy {}", options.T, options.d,
                            options.accuracy),
                {"B/sqrt(ln T)"},
                {"seconds", true},
                {{"polynomial", {}}, {"exact", {}}}};
  OutputFile file(options.output);
  const auto writer = make_table_writer(options.format, file, options.shown_digits());
  writer->paragraph(
      fmt::format("Certified attention in binary64 on {} tokens of dimension {}, entries uniform in [-B, B], "
                  "scores <q,k>/d, "
                  "accuracy {} (theory 4.1, 4.2). Seconds are measured here.",
                  options.T, options.d, options.accuracy));
  writer->begin("Phase", {{"B/sqrt(ln T)", true},
                          {"B"},
                          {"degree"},
                          {"rank"},
                          {"error bound"},
                          {"polynomial seconds"},
                          {"exact seconds"},
                          {"exact/polynomial"}});
  Progress progress("ratios", options.quiet);
  std::uint64_t done = 0;
  for (const Rational& ratio : ratios) {
    write_row(options, ratio, FastInterval(Interval(accuracy)).lower(), *writer, figure);
    progress.update(++done, ratios.size());
  }
  writer->end();
  if (!options.plot.empty()) {
    std::erase_if(figure.series, [](const Series& series) { return series.points.empty(); });
    OutputFile plot(options.plot);
    plot.write(render(figure, figure_format(options.plot)));
    plot.commit();
  }
  file.commit();
  return exit_done;
}

}  // namespace

void add_phase(CommandLine& line, Action& action) {
  auto options = std::make_shared<PhaseOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "phase", "measure where certified polynomial attention stops to pay, over B/sqrt(ln T) (theory 4.1)");
  subcommand->footer(
      "Example:\n  promptbound phase --T 4096 --d 4 --accuracy 1e-3 --ratios 1/10,1/2,1 --format csv -o "
      "phase.csv");
  subcommand->add_option("--T", options->T, "tokens (default 4096)")->range(Index{2}, Index{1} << 22);
  subcommand->add_option("--d", options->d, "dimension of tokens and values (default 4)")->range(1, 256);
  subcommand->add_option("--accuracy", options->accuracy,
                         "largest error, as a part of the largest |value| (default 1e-3)");
  subcommand->add_option("--ratios", options->ratios,
                         "values of B/sqrt(ln T), separated by commas (default 1/10 to 7/5)");
  subcommand->add_option("--plot", options->plot, "draw both times to this file (.svg, .pdf, .png or .tex)")
      ->type_name("FILE");
  subcommand->add_option("--seed", options->seed, "seed of the random entries (default 1)");
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return phase(*options); }; });
}

}  // namespace promptbound

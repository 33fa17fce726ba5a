// draw_with_gnuplot of figure.hpp.
#include <fmt/format.h>

#include <array>

#include <promptbound/cli/render/child_process.hpp>
#include <promptbound/cli/render/figure.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

/// A quoted string of gnuplot's enhanced text, in which these characters are commands.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    if (c == '_' || c == '^' || c == '{' || c == '}' || c == '@' || c == '&' || c == '~') result += "\\\\";
    result += c;
  }
  return result + "\"";
}

std::string terminal(FigureFormat format) {
  switch (format) {
    case FigureFormat::svg:
      return "svg size 760,560 font 'DejaVu Sans,13' background 'white'";
    case FigureFormat::pdf:
      return "pdfcairo size 16cm,12cm font 'DejaVu Sans,11'";
    default:
      return "pngcairo size 1216,896 font 'DejaVu Sans,20'";
  }
}

std::string axis(const char* name, const Axis& axis) {
  // A blank line under the label of the x axis keeps the legend off it.
  const bool is_x = name[0] == 'x';
  std::string text = fmt::format("set {}label {}\n", name, quoted(axis.label + (is_x ? "\n " : "")));
  if (axis.is_logarithmic) text += fmt::format("set logscale {0}\nset format {0} '10^{{%T}}'\n", name);
  return text;
}

std::string script(const Figure& figure, FigureFormat format, const std::string& output) {
  constexpr std::array<int, 7> markers = {7, 5, 9, 11, 13, 6, 4};
  // Written out, since terminals scale their own dash types differently.
  constexpr std::array<const char*, 7> dashes = {"solid", "(12,5)",         "(3,4)", "(14,4,3,4)",
                                                 "(6,3)", "(14,4,3,4,3,4)", "(20,6)"};
  std::string text = fmt::format("set terminal {}\nset output '{}'\n", terminal(format), output);
  text += fmt::format("set title {}\n", quoted(figure.title));
  text += axis("x", figure.x) + axis("y", figure.y);
  text +=
      "set key below left Left reverse samplen 4 width 2\nset grid lc rgb '#d0d0d0' lt 1\nset border lc rgb "
      "'#404040'\nset autoscale fix\nset offsets graph 0.02, graph 0.02, graph 0.04, graph 0.04\n";
  std::string plots, data;
  const auto add = [&](const std::string& style, const std::string& label) {
    plots += fmt::format("{}'-' {} title {}", plots.empty() ? "plot " : ", \\\n     ", style, quoted(label));
  };
  for (std::size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    const SeriesColour colour = series_colour(i);
    const std::size_t style = i % markers.size();
    add(fmt::format("with {} lc rgb '#{:02x}{:02x}{:02x}' {}lw 2 pt {} ps 0.8{}",
                    series.is_scatter ? "points" : "linespoints", colour.red, colour.green, colour.blue,
                    series.is_scatter ? "" : fmt::format("dt {} ", dashes[style]), markers[style],
                    series.is_scatter ? "" : fmt::format(" pi {}", 1 + series.points.size() / 8)),
        series.label);
    for (const auto& [x, y] : series.points) data += fmt::format("{:.17g} {:.17g}\n", x, y);
    data += "e\n";
  }
  double low = 0, high = 0;
  bool is_first = true;
  for (const Series& series : figure.series) {
    for (const auto& point : series.points) {
      low = is_first ? point.second : std::min(low, point.second);
      high = is_first ? point.second : std::max(high, point.second);
      is_first = false;
    }
  }
  for (std::size_t i = 0; i < figure.marks.size(); ++i) {
    add(fmt::format("with lines lc rgb '#606060' lw 1.5 dt {}", i % 2 == 0 ? "(2,3)" : "(8,3)"),
        figure.marks[i].label);
    data += fmt::format("{0:.17g} {1:.17g}\n{0:.17g} {2:.17g}\ne\n", figure.marks[i].x, low, high);
  }
  return text + plots + "\n" + data;
}

}  // namespace

std::string draw_with_gnuplot(const Figure& figure, FigureFormat format) {
  const ChildOutcome outcome = run_child({.program = "gnuplot",
                                          .arguments = {"script"},
                                          .input_name = "script",
                                          .input = script(figure, format, "figure"),
                                          .result_name = "figure"});
  switch (outcome.end) {
    case ChildOutcome::End::not_installed:
      throw InputError(
          "gnuplot is not installed (Debian: apt-get install gnuplot-nox); .tex figures need none");
    case ChildOutcome::End::not_run:
      throw std::runtime_error(outcome.message);
    default:
      break;
  }
  const bool is_drawn = outcome.end == ChildOutcome::End::exited && outcome.exit_code == 0;
  if (!is_drawn || outcome.result.empty()) {
    throw std::runtime_error("gnuplot failed on figure " + figure.id + ": " + outcome.log.substr(0, 200));
  }
  return outcome.result;
}

}  // namespace promptbound

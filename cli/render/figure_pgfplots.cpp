// The PGFPlots of figure.hpp.
#include <fmt/format.h>

#include <array>

#include <promptbound/cli/render/figure.hpp>

namespace promptbound {
namespace {

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\n':
        result += "\\\\ ";
        break;
      case '_':
      case '&':
      case '%':
      case '#':
      case '{':
      case '}':
      case '$':
        result += '\\';
        result += c;
        break;
      case '^':
        result += "\\^{}";
        break;
      case '~':
        result += "\\~{}";
        break;
      case '\\':
        result += "\\textbackslash{}";
        break;
      case '<':
      case '>':
      case '|':
        result += '$';
        result += c;
        result += '$';
        break;
      default:
        result += c;
    }
  }
  return result;
}

}  // namespace

std::string pgfplots_text(const Figure& figure) {
  constexpr std::array<const char*, 7> marks = {"*",         "square*", "triangle*", "diamond*",
                                                "pentagon*", "o",       "square"};
  constexpr std::array<const char*, 7> dashes = {
      "solid", "dashed", "dotted", "dash dot", "densely dashed", "dash dot dot", "loosely dashed"};
  std::string text = fmt::format(
      "% {}, by promptbound. Preamble: \\usepackage{{pgfplots}} \\pgfplotsset{{compat=1.18}}\n"
      "\\begin{{tikzpicture}}\n\\begin{{axis}}[\n"
      "  title={{{}}}, title style={{align=center}}, xlabel={{{}}}, ylabel={{{}}}{}{},\n"
      "  width=0.9\\linewidth, height=0.6\\linewidth, grid=major,\n"
      "  legend style={{at={{(0.5,-0.2)}}, anchor=north, cells={{anchor=west}}, font=\\small}}]\n",
      figure.id, escaped(figure.title), escaped(figure.x.label), escaped(figure.y.label),
      figure.x.is_logarithmic ? ", xmode=log" : "", figure.y.is_logarithmic ? ", ymode=log" : "");
  double low = 0, high = 0;
  bool is_first = true;
  for (std::size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    const SeriesColour colour = series_colour(i);
    const std::size_t style = i % marks.size();
    text += fmt::format(
        "\\addplot[color={{rgb,255:red,{};green,{};blue,{}}}, thick, {}, mark={}, mark options={{solid}}, "
        "mark size=1.5pt, mark repeat={}] coordinates {{",
        colour.red, colour.green, colour.blue, series.is_scatter ? "only marks" : dashes[style], marks[style],
        series.is_scatter ? 1 : 1 + series.points.size() / 8);
    std::size_t column = 0;
    for (const auto& [x, y] : series.points) {
      text += fmt::format("{}({:.10g},{:.10g})", column++ % 4 == 0 ? "\n  " : " ", x, y);
      low = is_first ? y : std::min(low, y);
      high = is_first ? y : std::max(high, y);
      is_first = false;
    }
    text += fmt::format("\n}};\n\\addlegendentry{{{}}}\n", escaped(series.label));
  }
  for (std::size_t i = 0; i < figure.marks.size(); ++i) {
    text += fmt::format(
        "\\addplot[gray, thick, {}] coordinates {{({:.10g},{:.10g}) ({:.10g},{:.10g})}};\n"
        "\\addlegendentry{{{}}}\n",
        i % 2 == 0 ? "densely dotted" : "densely dashed", figure.marks[i].x, low, figure.marks[i].x, high,
        escaped(figure.marks[i].label));
  }
  return text + "\\end{axis}\n\\end{tikzpicture}\n";
}

}  // namespace promptbound

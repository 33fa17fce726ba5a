/// Plots: one description, drawn by gnuplot or written for PGFPlots.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace promptbound {

struct Axis {
  std::string label;  ///< with its unit
  bool is_logarithmic = false;
};

struct Series {
  std::string label;
  std::vector<std::pair<double, double>> points;
  bool is_scatter = false;  ///< markers only, not joined
};

/// A place on the x axis: a vertical line with its text in the legend.
struct Mark {
  std::string label;
  double x;
};

struct Figure {
  std::string id;  ///< a file name without its ending
  std::string title;
  Axis x, y;
  std::vector<Series> series;
  std::vector<Mark> marks = {};
};

enum class FigureFormat { svg, pdf, png, tex };

/// Chooses by the end of a file name. Throws InputError naming what is accepted.
[[nodiscard]] FigureFormat figure_format(const std::string& path);

/// Returns the content of the file. Colours are those of Okabe and Ito, told apart by the colour-blind; every
/// series has its own dashes and markers as well, for print in grey. Throws InputError when gnuplot is needed
/// and not installed.
[[nodiscard]] std::string render(const Figure& figure, FigureFormat format);

/// Draws one file, for render.
[[nodiscard]] std::string draw_with_gnuplot(const Figure& figure, FigureFormat format);
[[nodiscard]] std::string pgfplots_text(const Figure& figure);

/// The style of a series, the same in all formats.
struct SeriesColour {
  int red, green, blue;
};
[[nodiscard]] SeriesColour series_colour(std::size_t index);

}  // namespace promptbound

#include <array>

#include <promptbound/cli/render/figure.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

FigureFormat figure_format(const std::string& path) {
  if (path.ends_with(".svg")) return FigureFormat::svg;
  if (path.ends_with(".pdf")) return FigureFormat::pdf;
  if (path.ends_with(".png")) return FigureFormat::png;
  if (path.ends_with(".tex")) return FigureFormat::tex;
  throw InputError("-o '" + path + "': a figure is a file that ends in .svg, .pdf, .png or .tex (PGFPlots)");
}

std::string render(const Figure& figure, FigureFormat format) {
  return format == FigureFormat::tex ? pgfplots_text(figure) : draw_with_gnuplot(figure, format);
}

SeriesColour series_colour(std::size_t index) {
  // Okabe and Ito, without yellow, which is too light for lines.
  constexpr std::array<SeriesColour, 7> colours = {{{0, 114, 178},
                                                    {213, 94, 0},
                                                    {0, 158, 115},
                                                    {204, 121, 167},
                                                    {0, 0, 0},
                                                    {230, 159, 0},
                                                    {86, 180, 233}}};
  return colours[index % colours.size()];
}

}  // namespace promptbound

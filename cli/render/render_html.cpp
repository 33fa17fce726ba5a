// The HTML writer of table.hpp.
#include <promptbound/cli/render/table.hpp>

namespace promptbound {
namespace {

/// One page that opens from disk: no script, and nothing is loaded from elsewhere.
constexpr const char* head =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>promptbound</title>\n"
    "<link rel=\"icon\" href=\"data:,\">\n<style>\n"
    "body { font: 15px/1.45 'DejaVu Sans', Verdana, sans-serif; color: #1a1a1a; background: #fff; margin: "
    "2em auto; "
    "max-width: 75em; padding: 0 1em; }\n"
    "h2 { font-size: 1.1em; margin: 2em 0 0.5em; }\n"
    "table { border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid; font-size: 0.9em; "
    "}\n"
    "th { border-bottom: 1px solid; text-align: left; vertical-align: bottom; }\n"
    "th, td { padding: 0.2em 0.7em; vertical-align: top; overflow-wrap: anywhere; }\n"
    "td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }\n"
    "tr:nth-child(even) td { background: #f3f3f3; }\n"
    // On a narrow screen every row is a list of its cells, each with its heading.
    "@media screen and (max-width: 45em) {\n"
    "thead { display: none; } table, tbody, tr, td { display: block; }\n"
    "tr { border-bottom: 1px solid #bbb; padding: 0.4em 0; } tr:nth-child(even) td { background: none; }\n"
    "td, td.number { text-align: left; padding: 0.1em 0; } td:empty { display: none; }\n"
    "td::before { content: attr(data-label) \": \"; color: #666; } }\n"
    "@media print { body { max-width: none; } tr { break-inside: avoid; } }\n"
    "figure { margin: 1.5em 0; } figure svg { max-width: 100%; height: auto; }\n"
    "</style>\n</head>\n<body>\n<h1>promptbound</h1>\n";

class HtmlWriter : public TableWriter {
 public:
  HtmlWriter(OutputFile& file, long digits) : file_(file), digits_(digits) { file_.write(head); }

  void paragraph(const std::string& text) override { file_.write("<p>" + escaped(text) + "</p>\n"); }

  void begin(const std::string& title, const std::vector<Column>& columns) override {
    columns_ = columns;
    if (!title.empty()) file_.write("<h2>" + escaped(title) + "</h2>\n");
    std::string line = "<table>\n<thead><tr>";
    for (const Column& column : columns) {
      line += std::string("<th") + class_of(column) + ">" + escaped(column.heading) + "</th>";
    }
    file_.write(line + "</tr></thead>\n<tbody>\n");
  }

  void row(const std::vector<Cell>& cells) override {
    std::string line = "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += std::string("<td") + class_of(columns_[i]) + " data-label=\"" + escaped(columns_[i].heading) +
              "\">" + escaped(cell_text(cells[i], digits_)) + "</td>";
    }
    file_.write(line + "</tr>\n");
  }

  void end() override { file_.write("</tbody></table>\n"); }

  [[nodiscard]] bool has_figures() const override { return true; }

  void figure(const Figure& figure) override {
    // Inline SVG has neither XML declaration nor document type.
    const std::string svg = render(figure, FigureFormat::svg);
    file_.write("<figure id=\"figure-" + escaped(figure.id) + "\">\n" + svg.substr(svg.find("<svg")) +
                "</figure>\n");
  }

 private:
  static const char* class_of(const Column& column) { return column.is_number ? " class=\"number\"" : ""; }

  static std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
      switch (c) {
        case '<':
          result += "&lt;";
          break;
        case '>':
          result += "&gt;";
          break;
        case '&':
          result += "&amp;";
          break;
        case '"':
          result += "&quot;";
          break;
        default:
          result += c;
      }
    }
    return result;
  }

  OutputFile& file_;
  long digits_;
  std::vector<Column> columns_;
};

}  // namespace

std::unique_ptr<TableWriter> html_writer(OutputFile& file, long digits) {
  return std::make_unique<HtmlWriter>(file, digits);
}

}  // namespace promptbound

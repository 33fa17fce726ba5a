// The text writer of table.hpp.
#include <fmt/format.h>

#include <algorithm>

#include <promptbound/cli/render/table.hpp>

namespace promptbound {
namespace {

class TextWriter : public TableWriter {
 public:
  TextWriter(OutputFile& file, long digits) : file_(file), digits_(digits) {}

  void paragraph(const std::string& text) override {
    file_.write(text + "\n");
    is_first_ = false;
  }

  void begin(const std::string& title, const std::vector<Column>& columns) override {
    columns_ = columns;
    rows_.clear();
    if (!title.empty()) file_.write((is_first_ ? "" : "\n") + title + "\n");
    is_first_ = false;
    std::vector<std::string> headings;
    headings.reserve(columns.size());
    for (const Column& column : columns) headings.push_back(column.heading);
    rows_.push_back(headings);
  }

  void row(const std::vector<Cell>& cells) override {
    std::vector<std::string> texts;
    texts.reserve(cells.size());
    for (const Cell& cell : cells) texts.push_back(cell_text(cell, digits_));
    rows_.push_back(std::move(texts));
  }

  void end() override {
    std::vector<std::size_t> widths(columns_.size());
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    bool heading = true;
    for (const auto& row : rows_) {
      file_.write(line(row, widths));
      if (heading) file_.write(rule(widths));
      heading = false;
    }
  }

 private:
  std::string line(const std::vector<std::string>& row, const std::vector<std::size_t>& widths) const {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      text += "  ";
      text += columns_[i].is_number ? fmt::format("{:>{}}", row[i], widths[i])
              : last                ? row[i]
                                    : fmt::format("{:<{}}", row[i], widths[i]);
    }
    return text + "\n";
  }

  static std::string rule(const std::vector<std::size_t>& widths) {
    std::string text;
    for (const std::size_t width : widths) text += "  " + std::string(width, '-');
    return text + "\n";
  }

  OutputFile& file_;
  long digits_;
  bool is_first_ = true;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace

std::unique_ptr<TableWriter> text_writer(OutputFile& file, long digits) {
  return std::make_unique<TextWriter>(file, digits);
}

std::unique_ptr<TableWriter> make_table_writer(Format format, OutputFile& file, long digits) {
  switch (format) {
    case Format::text:
      return text_writer(file, digits);
    case Format::markdown:
      return markdown_writer(file, digits);
    case Format::latex:
      return latex_writer(file, digits);
    case Format::csv:
      return csv_writer(file, digits);
    case Format::json:
      return json_writer(file, digits);
    case Format::html:
      return html_writer(file, digits);
  }
  throw std::logic_error("unknown format");
}

}  // namespace promptbound

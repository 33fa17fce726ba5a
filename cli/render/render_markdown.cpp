// The Markdown writer of table.hpp.
#include <promptbound/cli/render/table.hpp>

namespace promptbound {
namespace {

class MarkdownWriter : public TableWriter {
 public:
  MarkdownWriter(OutputFile& file, long digits) : file_(file), digits_(digits) {}

  void paragraph(const std::string& text) override { file_.write(escaped(text) + "\n\n"); }

  void begin(const std::string& title, const std::vector<Column>& columns) override {
    if (!title.empty()) file_.write("### " + escaped(title) + "\n\n");
    std::string headings = "|";
    std::string rule = "|";
    for (const Column& column : columns) {
      headings += " " + escaped(column.heading) + " |";
      rule += column.is_number ? "---:|" : "---|";
    }
    file_.write(headings + "\n" + rule + "\n");
  }

  void row(const std::vector<Cell>& cells) override {
    std::string line = "|";
    for (const Cell& cell : cells) line += " " + escaped(cell_text(cell, digits_)) + " |";
    file_.write(line + "\n");
  }

  void end() override { file_.write("\n"); }

 private:
  static std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
      if (c == '|' || c == '*' || c == '_' || c == '<' || c == '`') result += '\\';
      result += c;
    }
    return result;
  }

  OutputFile& file_;
  long digits_;
};

}  // namespace

std::unique_ptr<TableWriter> markdown_writer(OutputFile& file, long digits) {
  return std::make_unique<MarkdownWriter>(file, digits);
}

}  // namespace promptbound

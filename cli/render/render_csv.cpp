// The CSV writer of table.hpp.
#include <algorithm>

#include <promptbound/cli/render/table.hpp>

namespace promptbound {
namespace {

/// RFC 4180, an empty line between two tables. A number column becomes two: HEADING.lower and HEADING.upper,
/// equal when the number is exact. Parameters are a table of their own.
class CsvWriter : public TableWriter {
 public:
  CsvWriter(OutputFile& file, long digits) : file_(file), digits_(digits) {}

  void paragraph(const std::string&) override {}

  void parameters(const std::vector<ShownParameter>& parameters) override {
    begin("", {{"parameter"}, {"value"}, {"default"}});
    for (const ShownParameter& parameter : parameters)
      row({parameter.name, parameter.value.text(), std::string(parameter.is_default ? "true" : "false")});
    end();
  }

  void begin(const std::string&, const std::vector<Column>& columns) override {
    if (!columns_.empty()) file_.write("\n");
    columns_ = columns;
    line_.clear();
    for (const Column& column : columns) {
      if (column.is_number) {
        append(column.heading + ".lower");
        append(column.heading + ".upper");
      } else {
        append(column.heading);
      }
    }
    write_line();
  }

  void row(const std::vector<Cell>& cells) override {
    line_.clear();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto [lower, upper] = ends(cells[i]);
      append(lower);
      if (columns_[i].is_number) append(upper);
    }
    write_line();
  }

  void end() override {}

 private:
  std::pair<std::string, std::string> ends(const Cell& cell) const {
    if (const auto* text = std::get_if<std::string>(&cell)) return {*text, *text};
    if (std::holds_alternative<Absent>(cell)) return {"", ""};
    const auto& quantity = std::get<Quantity>(cell);
    if (const auto* text = std::get_if<std::string>(&quantity.value())) return {*text, *text};
    if (const auto* integer = std::get_if<Integer>(&quantity.value())) {
      std::string text = integer->str();
      return {text, text};
    }
    return {end_of(quantity, quantity.lower(digits_)), end_of(quantity, quantity.upper(digits_))};
  }

  /// A number too large for a decimal stands as readers see it elsewhere: 10^[...].
  std::string end_of(const Quantity& quantity, const std::string& decimal) const {
    return decimal.empty() ? readable(quantity, digits_) : decimal;
  }

  void write_line() {
    if (!line_.empty()) line_.back() = '\n';  // in place of the last comma
    file_.write(line_);
  }

  void append(const std::string& field) {
    const auto is_special = [](char c) { return c == ',' || c == '"' || c == '\n'; };
    if (std::none_of(field.begin(), field.end(), is_special)) {
      line_ += field;
    } else {
      line_ += '"';
      for (const char c : field) {
        if (c == '"') line_ += '"';
        line_ += c;
      }
      line_ += '"';
    }
    line_ += ',';
  }

  OutputFile& file_;
  long digits_;
  std::vector<Column> columns_;
  std::string line_;
};

}  // namespace

std::unique_ptr<TableWriter> csv_writer(OutputFile& file, long digits) {
  return std::make_unique<CsvWriter>(file, digits);
}

}  // namespace promptbound

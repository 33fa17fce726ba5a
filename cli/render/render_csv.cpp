// The CSV writer of table.hpp.
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
      row({parameter.name, parameter.value, std::string(parameter.is_default ? "true" : "false")});
    end();
  }

  void begin(const std::string&, const std::vector<Column>& columns) override {
    if (!columns_.empty()) file_.write("\n");
    columns_ = columns;
    std::vector<std::string> fields;
    for (const Column& column : columns) {
      if (column.is_number) {
        fields.push_back(column.heading + ".lower");
        fields.push_back(column.heading + ".upper");
      } else {
        fields.push_back(column.heading);
      }
    }
    write_line(fields);
  }

  void row(const std::vector<Cell>& cells) override {
    std::vector<std::string> fields;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      auto [lower, upper] = ends(cells[i]);
      fields.push_back(std::move(lower));
      if (columns_[i].is_number) fields.push_back(std::move(upper));
    }
    write_line(fields);
  }

  void end() override {}

 private:
  std::pair<std::string, std::string> ends(const Cell& cell) const {
    if (const auto* text = std::get_if<std::string>(&cell)) return {*text, *text};
    if (std::holds_alternative<Absent>(cell)) return {"", ""};
    const auto& quantity = std::get<Quantity>(cell);
    if (const auto* text = std::get_if<std::string>(&quantity.value())) return {*text, *text};
    return {end_of(quantity, quantity.lower(digits_)), end_of(quantity, quantity.upper(digits_))};
  }

  /// A number too large for a decimal stands as readers see it elsewhere: 10^[...].
  std::string end_of(const Quantity& quantity, const std::string& decimal) const {
    return decimal.empty() ? readable(quantity, digits_) : decimal;
  }

  void write_line(const std::vector<std::string>& fields) {
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) line += ',';
      append_quoted(line, fields[i]);
    }
    file_.write(line + "\n");
  }

  static void append_quoted(std::string& line, const std::string& field) {
    if (field.find_first_of(",\"\n") == std::string::npos) {
      line += field;
      return;
    }
    line += '"';
    for (const char c : field) {
      if (c == '"') line += '"';
      line += c;
    }
    line += '"';
  }

  OutputFile& file_;
  long digits_;
  std::vector<Column> columns_;
};

}  // namespace

std::unique_ptr<TableWriter> csv_writer(OutputFile& file, long digits) {
  return std::make_unique<CsvWriter>(file, digits);
}

}  // namespace promptbound

/// Tables and paragraphs, written row by row in the format asked for.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <promptbound/cli/render/figure.hpp>
#include <promptbound/cli/render/output_file.hpp>
#include <promptbound/numeric/quantity.hpp>
#include <promptbound/records/argument.hpp>

namespace promptbound {

enum class Format { text, markdown, latex, csv, json, html };

/// Tells whether the format is read by programs, for which columns cost nothing.
[[nodiscard]] inline bool is_for_programs(Format format) {
  return format == Format::csv || format == Format::json;
}

/// A cell is a text, a number, or the absence of a number with its reason: a bound that does not apply, or a
/// value that was not decided.
struct Absent {
  std::string reason;
  bool is_undecided = false;
};
using Cell = std::variant<std::string, Quantity, Absent>;

struct Column {
  std::string heading;
  bool is_number = false;  ///< holds quantities: right-aligned; two columns (lower, upper) in CSV
};

/// A parameter of a result.
struct ShownParameter {
  std::string name;
  Argument value;  ///< the range as it was given, where it varies
  bool is_default = false;
  std::string note = "";  ///< where a default comes from, or what is to be said of a value that was given
};

/// Writes paragraphs and tables. Rows go out as they come, except in the text format, which aligns its
/// columns.
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  /// Writes a sentence or two outside any table. CSV and JSON have no place for it and drop it.
  virtual void paragraph(const std::string& text) = 0;
  /// Writes all parameters, defaults included and marked, before the first table: a sentence where the format
  /// has sentences, a table of its own in CSV, a member of the document in JSON.
  virtual void parameters(const std::vector<ShownParameter>& parameters);
  virtual void begin(const std::string& title, const std::vector<Column>& columns) = 0;
  virtual void row(const std::vector<Cell>& cells) = 0;
  virtual void end() = 0;
  /// Tells whether plots are shown: only HTML has a place for them, and only there are they worth making.
  [[nodiscard]] virtual bool has_figures() const { return false; }
  virtual void figure(const Figure&) {}
};

/// Takes in `digits` the significant digits of enclosed numbers.
[[nodiscard]] std::unique_ptr<TableWriter> make_table_writer(Format format, OutputFile& file, long digits);

// One per file, for make_table_writer.
[[nodiscard]] std::unique_ptr<TableWriter> text_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> markdown_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> latex_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> csv_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> json_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> html_writer(OutputFile& file, long digits);

/// Writes a number for people: an integer in full up to 24 digits, else with leading digits and length; an
/// enclosure as
/// `[lower, upper]`; a fraction that no short decimal equals with its enclosure.
[[nodiscard]] std::string readable(const Quantity& quantity, long digits);

/// Writes a given value for people: shorter where its text is long, as that of 1e-99999.
[[nodiscard]] std::string readable(const Argument& value);

/// Writes the parameters as `d = 2, C = 1 (default), w = 2 (default: d)`
[[nodiscard]] std::string parameters_text(const std::vector<ShownParameter>& parameters);

/// Writes a cell for people: its text, its number, or why there is none.
[[nodiscard]] std::string cell_text(const Cell& cell, long digits);

}  // namespace promptbound
